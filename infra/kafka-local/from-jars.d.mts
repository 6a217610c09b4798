/** Arguments of the tool that makes the directory of a broker. */
export function formatArguments(
  clusterId: string,
  properties: string,
  security: { readonly username: string; readonly password: string } | null,
): string[];
