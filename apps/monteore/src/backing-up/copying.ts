import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

export interface CopiedFile {
  readonly bytes: number;
  readonly sha256: string;
}

const CHUNK_BYTES = 256 * 1024;

/**
 * Copies a file that others may be writing to, as far as it reaches when it is read, to a new one for the owner alone;
 * it is on the disk when this resolves. Null when there is no such file (any more).
 */
export async function copyFile(from: string, to: string, signal: AbortSignal): Promise<CopiedFile | null> {
  const source = await open(from, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (source === null) return null;
  try {
    return await writeFile(to, chunksOf(source, signal));
  } finally {
    await source.close();
  }
}

/** Writes a new file for the owner alone; it is on the disk when this resolves. */
export async function writeFile(
  to: string,
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<CopiedFile> {
  const target = await open(to, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      await target.writeFile(chunk);
    }
    await target.sync();
    return { bytes, sha256: hash.digest('hex') };
  } finally {
    await target.close();
  }
}

async function* chunksOf(source: FileHandle, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await source.read(buffer, 0, buffer.length);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The names in a directory are on the disk when this resolves. Windows has no such thing. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
