/** See in-docker.mjs. */
export function containerArguments(name: string, port: number): string[];
