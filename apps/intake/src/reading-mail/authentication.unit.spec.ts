import { describe, expect, it } from '@jest/globals';
import { authenticationOf } from './authentication.js';
import { parseAuthenticationResults } from './authentication-results.js';
import { readHeaderBlock } from './header-fields.js';

const RECEIVED =
  'Received: from smtp.museo.example (smtp.museo.example [198.51.100.40])\n\tby mx.agenzia.example (Postfix) with ESMTPS id 4N15; Mon, 09 Nov 2026 15:02:50 +0100';
const HOP =
  'Received: from pc (pc [192.0.2.1]) by smtp.museo.example with ESMTP id 1; Mon, 09 Nov 2026 15:02:40 +0100';
const REINJECTED =
  'Received: from localhost (localhost [127.0.0.1]) by mx.agenzia.example (Postfix) with ESMTP id 2; Mon, 09 Nov 2026 15:02:51 +0100';
const FILTER =
  'Received: from mx.agenzia.example ([127.0.0.1]) by localhost (mx.agenzia.example [127.0.0.1]) (amavisd-new, port 10024) with ESMTP id 3; Mon, 09 Nov 2026 15:02:50 +0100';
const STORE =
  'Received: from mx.agenzia.example ([10.0.0.2]) by store.provider.test with LMTP id 9; Mon, 09 Nov 2026 15:02:52 +0100';
const own = (results: string) => `Authentication-Results: mx.agenzia.example; ${results}`;
const WRITTEN = 'From: Direzione <direzione@museo.example>\nSubject: x';

type Row = readonly [name: string, header: string, expected: 'failed' | 'not-failed'];

const ROWS: readonly Row[] = [
  ['pass', `${RECEIVED}\n${own('dmarc=pass header.from=museo.example')}\n${WRITTEN}`, 'not-failed'],
  [
    'fail',
    `${RECEIVED}\n${own('spf=softfail; dkim=none; dmarc=fail header.from=museo.example')}\n${WRITTEN}`,
    'failed',
  ],
  ['none', `${RECEIVED}\n${own('dmarc=none')}\n${WRITTEN}`, 'not-failed'],
  ['no results', `${RECEIVED}\n${own('none')}\n${WRITTEN}`, 'not-failed'],
  ['no header', `${RECEIVED}\n${WRITTEN}`, 'not-failed'],
  ['spf and dkim alone do not count', `${RECEIVED}\n${own('spf=fail; dkim=fail')}\n${WRITTEN}`, 'not-failed'],
  ['above the Received line', `${own('dmarc=fail')}\n${RECEIVED}\n${WRITTEN}`, 'failed'],
  [
    'one field for each method',
    `${RECEIVED}\n${own('spf=pass')}\n${own('dkim=pass')}\n${own('dmarc=fail')}\n${WRITTEN}`,
    'failed',
  ],
  ['a forged pass below', `${RECEIVED}\n${own('dmarc=fail')}\n${WRITTEN}\n${own('dmarc=pass')}`, 'failed'],
  [
    'a forged pass right below',
    `${RECEIVED}\n${own('dmarc=fail')}\n${own('dmarc=pass')}\n${WRITTEN}`,
    'failed',
  ],
  [
    'a forged fail below',
    `${RECEIVED}\n${own('dmarc=pass')}\n${HOP}\n${own('dmarc=fail')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'a forged fail right below',
    `${RECEIVED}\n${own('dmarc=pass')}\n${own('dmarc=fail')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'a forged fail below a result without DMARC',
    `${RECEIVED}\n${own('spf=pass')}\n${HOP}\n${own('dmarc=fail')}\n${WRITTEN}`,
    'not-failed',
  ],
  ['a forged fail behind another hop', `${RECEIVED}\n${HOP}\n${own('dmarc=fail')}\n${WRITTEN}`, 'not-failed'],
  [
    'another server',
    `${RECEIVED}\nAuthentication-Results: mx.other.test; dmarc=fail\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'another server above the own',
    `Authentication-Results: mx.other.test; dmarc=fail\n${RECEIVED}\n${own('dmarc=pass')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'a similar server',
    `${RECEIVED}\nAuthentication-Results: mx.agenzia.example.evil.test; dmarc=fail\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'in a comment',
    `${RECEIVED}\n${own('dmarc=pass (dmarc=fail by policy; dmarc=fail)')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'in nested and escaped comments',
    `${RECEIVED}\n${own('dmarc=pass (a (b \\) ; dmarc=fail) c; dmarc=fail)')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'the server named in a comment',
    `${RECEIVED}\nAuthentication-Results: (mx.agenzia.example;) mx.other.test; dmarc=fail\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'in a quoted reason',
    `${RECEIVED}\n${own('dmarc=pass reason="x; dmarc=fail; y"')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'in a property',
    `${RECEIVED}\n${own('spf=pass policy.dmarc=fail; x-dmarc=fail')}\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'a comment between',
    `${RECEIVED}\n${own('dmarc (policy) = (really) fail (p=reject)')}\n${WRITTEN}`,
    'failed',
  ],
  [
    'letter case, version and folding',
    `${RECEIVED}\nAUTHENTICATION-RESULTS: MX.Agenzia.Example 1;\n\tSPF=pass;\n\tDMARC/1=FAIL (p=none)\n header.from=museo.example\n${WRITTEN}`,
    'failed',
  ],
  [
    'quoted authserv-id',
    `${RECEIVED}\nAuthentication-Results: "mx.agenzia.example"; dmarc=fail\n${WRITTEN}`,
    'failed',
  ],
  [
    'another version',
    `${RECEIVED}\nAuthentication-Results: mx.agenzia.example 2; dmarc=fail\n${WRITTEN}`,
    'not-failed',
  ],
  [
    'a content filter in between',
    `${REINJECTED}\n${FILTER}\n${RECEIVED}\n${own('dmarc=fail')}\n${WRITTEN}`,
    'failed',
  ],
  [
    'a result above the content filter',
    `${REINJECTED}\n${FILTER}\n${own('dmarc=fail')}\n${RECEIVED}\n${WRITTEN}`,
    'failed',
  ],
  ['a mail store behind the server', `${STORE}\n${RECEIVED}\n${own('dmarc=fail')}\n${WRITTEN}`, 'failed'],
  [
    'other trace fields between',
    `Return-Path: <a@b.example>\n${RECEIVED}\nReceived-SPF: pass\nX-Spam-Status: No\n${own('dmarc=fail')}\n${WRITTEN}`,
    'failed',
  ],
  ['no Received line', `${own('dmarc=fail')}\n${WRITTEN}`, 'failed'],
  [
    'ARC copies',
    `${RECEIVED}\nARC-Authentication-Results: i=1; mx.agenzia.example; dmarc=fail\n${own('dmarc=pass')}\n${WRITTEN}`,
    'not-failed',
  ],
];

const fieldsOf = (header: string) => {
  const raw = Buffer.from(`${header}\n\n`);
  return readHeaderBlock(raw, 0, raw.length).fields;
};

describe('R8 unauthenticated senders', () => {
  it.each(ROWS)('%s', (_name, header, expected) => {
    expect(authenticationOf(fieldsOf(header), 'mx.agenzia.example')).toBe(expected);
    expect(authenticationOf(fieldsOf(header), 'MX.AGENZIA.EXAMPLE')).toBe(expected);
  });

  it('believes no server when none is configured', () => {
    expect(authenticationOf(fieldsOf(`${own('dmarc=fail')}\n${WRITTEN}`), undefined)).toBe('not-failed');
  });

  it('parses what RFC 8601 allows and nothing else', () => {
    expect(
      parseAuthenticationResults('a.example; spf=pass smtp.mailfrom=x; dkim=fail reason="bad; key"'),
    ).toEqual({
      authservId: 'a.example',
      results: [
        { method: 'spf', result: 'pass' },
        { method: 'dkim', result: 'fail' },
      ],
    });
    expect(parseAuthenticationResults('')).toBeUndefined();
    expect(parseAuthenticationResults('a b c; dmarc=fail')).toBeUndefined();
    expect(parseAuthenticationResults('a; "dmarc"=fail; dmarc="fail"; =fail; dmarc=')?.results).toEqual([]);
    expect(parseAuthenticationResults('a; (never closed; dmarc=fail')?.results).toEqual([]);
  });
});
