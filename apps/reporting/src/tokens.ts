/** The service's core in the Nest container. */
export const CORE = Symbol('core');
