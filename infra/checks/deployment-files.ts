import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments, type Tags, type YAMLSeq } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

// biome-ignore lint/suspicious/noExplicitAny: files as they are; their form is what the schemas check
export type Tree = any;

/** What an override takes away, and what it puts in the place of a list instead of adding to it. */
const RESET = Symbol('reset');
class Replacing {
  constructor(readonly list: readonly Tree[]) {}
}
const composeTags: Tags = [
  { tag: '!reset', resolve: () => RESET },
  { tag: '!override', collection: 'seq', resolve: (list) => new Replacing((list as YAMLSeq).toJSON()) },
];

export const readYaml = (path: string): Tree =>
  parse(readText(path), { merge: true, customTags: composeTags });

/**
 * docker-compose.yml as Compose sees it with these variables and overrides. Throws Error with the file's own sentence
 * where a variable is missing that it asks for.
 */
export const composeFile = (
  variables: Readonly<Record<string, string>> = {},
  overrides: readonly string[] = [],
): Tree => interpolated(overrides.map(readYaml).reduce(merged, readYaml('docker-compose.yml')), variables);

function merged(base: Tree, over: Tree): Tree {
  if (over instanceof Replacing) return over.list;
  if (Array.isArray(base) && Array.isArray(over)) return [...base, ...over];
  if (!isMapping(base) || !isMapping(over)) return over;
  const all = new Map(Object.entries(base));
  for (const [name, part] of Object.entries(over)) {
    if (part === RESET) all.delete(name);
    else all.set(name, all.has(name) ? merged(all.get(name), part) : part);
  }
  return Object.fromEntries(all);
}

const isMapping = (tree: Tree): boolean => tree !== null && typeof tree === 'object' && !Array.isArray(tree);

export const OVERRIDES = readdirSync(join(ROOT, 'infra/compose')).map((name) => `infra/compose/${name}`);

function interpolated(tree: Tree, variables: Readonly<Record<string, string>>): Tree {
  if (typeof tree === 'string') return interpolatedText(tree, variables);
  if (Array.isArray(tree)) return tree.map((item) => interpolated(item, variables));
  if (!isMapping(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([name, part]) => [name, interpolated(part, variables)]),
  );
}

/** `${NAME}`, `${NAME:-else}` and `${NAME:?what is missing}`, from the innermost outwards; `$$` is a dollar. */
function interpolatedText(text: string, variables: Readonly<Record<string, string>>): string {
  const DOLLAR = '\u0000';
  let rest = text.replaceAll('$$', DOLLAR);
  for (let before = ''; before !== rest; ) {
    before = rest;
    rest = rest.replace(
      /\$\{(\w+)(?::([-?])([^${}]*))?\}/,
      (_all, name: string, kind?: string, other = '') => {
        const given = variables[name];
        if (given !== undefined && given !== '') return given;
        if (kind === '?') throw new Error(`${name}: ${other}`);
        return other;
      },
    );
  }
  return rest.replaceAll(DOLLAR, '$');
}

export interface Manifest {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly content: Tree;
}

const KUBERNETES = 'infra/kubernetes';

/** Everything that is applied to a cluster, but for what the operator makes by hand. */
export function manifests(): Manifest[] {
  const files = [
    ...readdirSync(join(ROOT, KUBERNETES, 'base'))
      .filter((name) => name !== 'kustomization.yaml')
      .map((name) => `${KUBERNETES}/base/${name}`),
    `${KUBERNETES}/token.yaml`,
  ];
  return files.flatMap((file) =>
    parseAllDocuments(readText(file)).map((document) => {
      const content = document.toJS();
      return { file, kind: content.kind, name: content.metadata.name, content };
    }),
  );
}

export function manifest(kind: string, name: string): Tree {
  const found = manifests().find((one) => one.kind === kind && one.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name} in ${KUBERNETES}`);
  return found.content;
}

/** Pods of every kind, with the containers that run before the others. */
export function containersOf(content: Tree): Tree[] {
  const pod = content.spec?.template?.spec;
  return pod === undefined ? [] : [...(pod.initContainers ?? []), ...pod.containers];
}

/** Literals of the ConfigMap of this name, as the example puts them together. */
export function configMap(name: string): Record<string, string> {
  const literals: string[] = ['base', 'example']
    .flatMap((directory) => readYaml(`${KUBERNETES}/${directory}/kustomization.yaml`).configMapGenerator)
    .filter((generator) => generator.name === name)
    .flatMap((generator) => generator.literals);
  return Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s, 2) as [string, string]));
}
