import { describe, expect, it } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import { decodeMessage, encodeMessage, UndecodableMessageError } from './cloud-event.js';
import { newMessage } from './conformance/fixtures.js';

const event = (): Record<string, unknown> => JSON.parse(encodeMessage(newMessage('k')));
const decoded = (change: object) => decodeMessage(JSON.stringify({ ...event(), ...change }));

describe('a message as a CloudEvent', () => {
  it('is what the standard asks for, and comes back as it was', () => {
    const message = newMessage('k');
    const text = encodeMessage(message);
    expect(new CloudEvent(JSON.parse(text)).validate()).toBe(true);
    expect(decodeMessage(text)).toEqual(message);
  });

  it('may carry what a later release says, and leave out what only traces need', () => {
    const { causationId: _, traceparent: __, ...kept } = newMessage('k');
    const less = { causationid: undefined, traceparent: undefined, dataschema: 7, later: { is: 1 } };
    expect(decodeMessage(JSON.stringify({ ...JSON.parse(encodeMessage(kept)), ...less }))).toEqual(kept);
    expect(decoded({ id: 'x', correlationid: undefined }).correlationId).toBe('x');
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '7'],
    ['nothing', 'null'],
    ['another version', { specversion: '0.3' }],
    ['no id', { id: undefined }],
    ['an empty id', { id: '' }],
    ['no source', { source: 7 }],
    ['no type', { type: null }],
    ['no key', { subject: undefined }],
    ['no time', { time: undefined }],
    ['a day for a time', { time: '2026-03-02' }],
    ['a time that is none', { time: '2026-13-02T09:00:00Z' }],
    ['no position', { position: undefined }],
    ['a position that is none', { position: '-1' }],
    ['no data', { data: undefined }],
    ['a text for data', { data: 'text' }],
  ])('is not decoded of %s', (_, wrong) => {
    const text = typeof wrong === 'string' ? wrong : JSON.stringify({ ...event(), ...wrong });
    expect(() => decodeMessage(text)).toThrow(UndecodableMessageError);
  });
});
