import { type MessageHandler, type MessageHandlers, projectMessages } from '@monteore/messaging';
import type { ServiceTransaction } from '../database/service-database.js';

type Handlers = MessageHandlers<ServiceTransaction>;

/** Handlers of several parts of a service as one: on a type that several know all act, in the order given. */
export function mergeHandlers(...parts: readonly Handlers[]): Handlers {
  const topics = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries(
    [...topics].map((topic) => [
      topic,
      mergeTypes(parts.map((part) => part[topic]).filter((byType) => byType !== undefined)),
    ]),
  );
}

function mergeTypes(parts: readonly Handlers[string][]): Handlers[string] {
  const types = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries(
    [...types].map((type) => [
      type,
      mergeOne(parts.map((part) => part[type]).filter((handler) => handler !== undefined)),
    ]),
  );
}

function mergeOne(
  handlers: readonly MessageHandler<ServiceTransaction>[],
): MessageHandler<ServiceTransaction> {
  if (handlers.length === 1) return handlers[0]!;
  const reacting = handlers.filter(({ react }) => react !== undefined);
  return {
    // A handler with a reaction is given its messages one by one, so there is none where nobody reacts.
    ...(reacting.length === 0
      ? {}
      : {
          react: async (message) => {
            for (const { react } of reacting) await react?.(message);
          },
        }),
    project: async (message, tx) => {
      for (const handler of handlers) await projectMessages(handler, [message], tx);
    },
  };
}
