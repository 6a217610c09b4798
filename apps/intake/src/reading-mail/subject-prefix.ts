/** What the first prefix of a subject says about the mail. */
export type SubjectKind = 'reply' | 'forward' | 'plain';

const REPLY =
  /^(?:re|r|ris|risp|risposta|rif|aw|antw|sv|vs|ref|rép|odp)(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,3}[:：]/i;
const FORWARD =
  /^(?:i|fwd|fw|inoltra|inoltro|inoltrato|inoltrata|wg|tr|rv|enc|doorst|vl)(?:\[\d{1,3}\]|\(\d{1,3}\))?\s{0,3}[:：]/i;

/** Reads the outermost prefix, tags such as `[Comune]` before it aside: `R: I: Orari` is a reply, `I: R: Orari` a forward. */
export function subjectKind(subject: string): SubjectKind {
  const bare = subject.trimStart().replace(/^(?:\[[^\]]{0,60}\]\s{0,5}){1,3}/, '');
  if (REPLY.test(bare)) return 'reply';
  return FORWARD.test(bare) ? 'forward' : 'plain';
}

/**
 * What of a subject is this mail's own word (R2). The subject of a reply repeats the old one, so nothing of it
 * counts, except what somebody put before the prefix (`URGENTE - Re: orari`).
 */
export function newWordsOfSubject(subject: string): string {
  if (subjectKind(subject) === 'reply') return '';
  const inner = /(?:^|[\s\-–|:])(?:re|r|risp|rif|aw)\s?:\s/i.exec(subject);
  return inner === null || subjectKind(subject) === 'forward' ? subject : subject.slice(0, inner.index);
}
