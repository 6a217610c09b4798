type Node<K, V> =
  | { kind: 'root'; map: Map<K, V> }
  | { kind: 'undo'; key: K; had: boolean; value: V | undefined; next: PersistentMap<K, V> };

/**
 * An immutable map whose newest version costs what a Map costs: it owns the one mutable Map, and each older
 * version is a note of how it differed (Baker's trick). Folds stay pure while a package with a hundred thousand
 * entries is not copied for each of them. Reading an old version works and makes it the owner again.
 */
export class PersistentMap<K, V> {
  private node: Node<K, V>;

  private constructor(node: Node<K, V>) {
    this.node = node;
  }

  static empty<K, V>(): PersistentMap<K, V> {
    return new PersistentMap<K, V>({ kind: 'root', map: new Map() });
  }

  get size(): number {
    return this.own().size;
  }

  get(key: K): V | undefined {
    return this.own().get(key);
  }

  has(key: K): boolean {
    return this.own().has(key);
  }

  /** A version with this entry; this version stays as it is. */
  with(key: K, value: V): PersistentMap<K, V> {
    const map = this.own();
    const undo = { had: map.has(key), value: map.get(key) };
    map.set(key, value);
    return this.handOver(map, key, undo);
  }

  /** A version without this entry; this version stays as it is. */
  without(key: K): PersistentMap<K, V> {
    const map = this.own();
    if (!map.has(key)) return this;
    const undo = { had: true, value: map.get(key) };
    map.delete(key);
    return this.handOver(map, key, undo);
  }

  /** The values now, in no promised order. */
  values(): V[] {
    return [...this.own().values()];
  }

  entries(): [K, V][] {
    return [...this.own().entries()];
  }

  private handOver(
    map: Map<K, V>,
    key: K,
    undo: { had: boolean; value: V | undefined },
  ): PersistentMap<K, V> {
    const newest = new PersistentMap<K, V>({ kind: 'root', map });
    this.node = { kind: 'undo', key, ...undo, next: newest };
    return newest;
  }

  /** Makes this version the owner of the map, undoing what later versions did. */
  private own(): Map<K, V> {
    if (this.node.kind === 'root') return this.node.map;
    const path: PersistentMap<K, V>[] = [];
    let current: PersistentMap<K, V> = this;
    while (current.node.kind === 'undo') {
      path.push(current);
      current = current.node.next;
    }
    const map = current.node.map;
    for (const version of path.reverse()) {
      const { key, had, value, next } = version.node as Extract<Node<K, V>, { kind: 'undo' }>;
      next.node = { kind: 'undo', key, had: map.has(key), value: map.get(key), next: version };
      if (had) map.set(key, value as V);
      else map.delete(key);
      version.node = { kind: 'root', map };
    }
    return map;
  }
}
