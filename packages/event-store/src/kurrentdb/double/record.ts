/** An event as somebody asked to append it. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event that has its place. */
export interface LogRecord extends ProposedEvent {
  readonly streamName: string;
  readonly revision: number;
  /** Where it stands in the log; commit and prepare position are the same. */
  readonly position: number;
  readonly createdMilliseconds: number;
}

export type ExpectedRevision = 'any' | 'no_stream' | 'stream_exists' | number;
