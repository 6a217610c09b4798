import { randomId } from '@monteore/kernel';
import { withCorrelation } from '../logging/correlation.js';
import { workSpan } from './spans.js';
import type { Tracing } from './tracing.js';

/** Work that no call and no message asks for, such as a mail that arrives: it gets a correlation id and a trace of its own. */
export const asOwnWork = <T>(
  { tracing }: { readonly tracing: Tracing },
  name: string,
  work: () => Promise<T>,
): Promise<T> => withCorrelation(randomId(), () => tracing.within(() => [workSpan(name)], work));
