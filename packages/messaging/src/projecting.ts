import type { Message, MessageHandler, SqlTransaction } from './port.js';

/** Has a handler project messages of its own, in order: at once where it can, else one by one. */
export async function projectMessages<Tx extends SqlTransaction>(
  { project, projectAll }: MessageHandler<Tx>,
  messages: readonly Message[],
  tx: Tx,
): Promise<void> {
  if (projectAll !== undefined) return projectAll(messages, tx);
  for (const message of messages) await project?.(message, tx);
}
