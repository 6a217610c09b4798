import { type FieldError, RefusalError, refuse } from '@monteore/kernel';
import { type ArgumentMetadata, StandardSchemaValidationPipe } from '@nestjs/common';
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

class IssuesFound extends Error {
  constructor(readonly issues: readonly Issue[]) {
    super('the value does not fit its schema');
  }
}

/** Nest's pipe, with what is wrong told as a problem. A path or query parameter of its own is named in the pointer. */
class SchemaPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: (issues) => new IssuesFound(issues as readonly Issue[]) });
  }

  override async transform<Value>(value: Value, metadata: ArgumentMetadata): Promise<Value> {
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      if (!(error instanceof IssuesFound)) throw error;
      const parameter = metadata.data === undefined ? [] : [metadata.data];
      throw invalid(error.issues.map((issue) => ({ ...issue, path: [...parameter, ...(issue.path ?? [])] })));
    }
  }
}

/** Validates whatever names a schema (`@Body({ schema })`); what does not fit is told with a pointer to the field. */
export const schemaPipe = (): StandardSchemaValidationPipe => new SchemaPipe();

/** Parses a value outside Nest's pipes (form posts, queries). Throws the same refusal. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (!result.success) throw invalid(result.error.issues);
  return result.data;
}
