import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/** One environment variable that a service reads at its start. */
export interface Variable<Schema extends z.ZodType = z.ZodType> {
  /** Reads the text; what it says of a wrong one is told to the operator. Optional and default as zod has them. */
  readonly schema: Schema;
  /** What it is, for whoever sets it. */
  readonly help: string;
  /** Its value is never shown, and `<name>_FILE` may name a file that holds it. */
  readonly secret?: true;
}

export type Variables = Readonly<Record<string, Variable>>;
export type ValuesOf<Declared extends Variables> = {
  readonly [Name in keyof Declared]: z.output<Declared[Name]['schema']>;
};
export type Environment = Readonly<Record<string, string | undefined>>;

/** What is wrong with the environment, one line each. */
export class EnvironmentError extends Error {
  constructor(readonly lines: readonly string[]) {
    super(`the configuration is not complete:\n${lines.map((line) => `  ${line}`).join('\n')}`);
    this.name = 'EnvironmentError';
  }
}

/** The variables' values. An empty variable is as good as none. Throws EnvironmentError that names each one that is missing or wrong. */
export function readVariables<Declared extends Variables>(
  declared: Declared,
  environment: Environment,
): ValuesOf<Declared> {
  const lines: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(declared)) {
    const given = textOf(name, variable, environment);
    if ('fault' in given) {
      lines.push(given.fault);
      continue;
    }
    const { from, text } = given;
    const result = variable.schema.safeParse(text);
    if (result.success) values[name] = result.data;
    else if (text === undefined) lines.push(`${name} is missing: ${variable.help}`);
    else {
      const shown = variable.secret ? from : `${from}=${JSON.stringify(text)}`;
      lines.push(`${shown}: ${result.error.issues.map(({ message }) => message).join('; ')}`);
    }
  }
  if (lines.length > 0) throw new EnvironmentError(lines);
  return values as ValuesOf<Declared>;
}

type Given = { readonly from: string; readonly text: string | undefined } | { readonly fault: string };

function textOf(name: string, { secret }: Variable, environment: Environment): Given {
  const text = environment[name] || undefined;
  const fileVariable = `${name}_FILE`;
  const file = secret === true ? environment[fileVariable] || undefined : undefined;
  if (file === undefined) return { from: name, text };
  if (text !== undefined) return { fault: `${name} and ${fileVariable} are both set: one of them is enough` };
  try {
    return { from: fileVariable, text: readFileSync(file, 'utf8').trim() };
  } catch (error) {
    return {
      fault: `${fileVariable}=${JSON.stringify(file)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    };
  }
}

/** Variables that look like ours and that nothing reads: mostly a misspelt name. */
export function unknownVariables(declared: Variables, environment: Environment): readonly string[] {
  const known = new Set(
    Object.entries(declared).flatMap(([name, { secret }]) =>
      secret === true ? [name, `${name}_FILE`] : [name],
    ),
  );
  return Object.keys(environment)
    .filter((name) => name.startsWith('MONTEORE_') && !known.has(name))
    .sort();
}
