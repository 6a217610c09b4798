/** The service's core in the Nest container. */
export const CORE = Symbol('core');
/** The options that this installation gave to intake. */
export const OPTIONS = Symbol('options');
