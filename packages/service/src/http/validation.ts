import { type FieldError, RefusalError, refuse } from '@monteore/kernel';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import type { z } from 'zod';

type Issue = {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
};

const pointerOf = (path: Issue['path']): string =>
  (path ?? [])
    .map((segment) => String(typeof segment === 'object' ? segment.key : segment))
    .map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');

function invalid(issues: readonly Issue[]): RefusalError {
  const errors: FieldError[] = issues
    .slice(0, 50)
    .map((issue) => ({ pointer: pointerOf(issue.path), detail: issue.message }));
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? 'the body' : first.pointer;
  return new RefusalError(
    refuse(
      400,
      'service.invalid-input',
      'The input is not valid',
      `${where}: ${first?.detail ?? 'not valid'}`,
      { errors },
    ),
  );
}

/** Validates whatever names a schema (`@Body({ schema })`); what does not fit is told with a pointer to the field. */
export const schemaPipe = (): StandardSchemaValidationPipe =>
  new StandardSchemaValidationPipe({ exceptionFactory: (issues) => invalid(issues as readonly Issue[]) });

/** Parses a value outside Nest's pipes (form posts, queries). Throws the same refusal. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(result.error.issues);
  return result.data;
}
