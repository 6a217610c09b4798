/**
 * Joins the soft line breaks of `format=flowed` (RFC 3676, R8): a line that ends with a blank goes on in the next
 * line of the same quote depth. The signature delimiter `-- ` is never joined.
 */
export function joinFlowed(text: string, deleteSpace: boolean): string {
  const out: string[] = [];
  let pieces: string[] = [];
  let openDepth = 0;
  const close = () => {
    if (pieces.length > 0) out.push(quotePrefix(openDepth) + pieces.join(''));
    pieces = [];
  };
  for (const line of text.split('\n')) {
    let depth = 0;
    while (line[depth] === '>') depth++;
    let content = line.slice(depth);
    if (content.startsWith(' ')) content = content.slice(1);
    if (pieces.length > 0 && depth !== openDepth) close();
    const delimiter = content === '-- ';
    if (delimiter) close();
    openDepth = depth;
    const soft = content.endsWith(' ') && !delimiter;
    pieces.push(soft && deleteSpace ? content.slice(0, -1) : content);
    if (!soft) close();
  }
  close();
  return out.join('\n');
}

function quotePrefix(depth: number): string {
  return depth === 0 ? '' : `${'>'.repeat(depth)} `;
}
