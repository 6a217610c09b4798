import { RefusalError, refuse } from '@monteore/kernel';
import { z } from 'zod';

/** `?limit=` 1..200 (50) and an opaque `?cursor=` (api.md, Lists). */
export const zListQuery = z.object({
  limit: z.coerce.number().int('a whole number').min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
});

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export const encodeCursor = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

/** The value in a cursor that we gave out. Throws 400 for any other text. */
export function decodeCursor<Schema extends z.ZodType>(
  schema: Schema,
  cursor: string | undefined,
): z.output<Schema> | undefined {
  if (cursor === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new RefusalError(
      refuse(
        400,
        'service.invalid-input',
        'The input is not valid',
        'cursor: not one that this list gave out',
        {
          errors: [{ pointer: '/cursor', detail: 'unknown cursor' }],
        },
      ),
    );
  }
}

/** A page of rows read with one more than `limit`; the cursor is made of the last row shown. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  cursor: (row: Row) => unknown,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(item),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(cursor(last)) : null,
  };
}
