/** A verb that decides, wherever it stands; a participle only as the first word, since much else can be approved. */
const DECIDES =
  /(?<![\p{L}\p{N}])(?:approvo|approviamo|si\s+approva|non\s+approvo|(?:i|we)\s+(?:hereby\s+|do\s+not\s+|don['’]t\s+)?(?:approve|reject)|(?:diamo|do)\s+(?:la\s+(?:mia\s+|nostra\s+)?)?approvazione)(?![\p{L}\p{N}])/iu;
const OPENS_WITH =
  /^\s*(?:(?:ok|okay|s[iì]|yes|buongiorno|salve|hello|hi|grazie|thanks?)[\s,.!:;–-]*){0,3}(?:approvat[oaie]|approved|approve)(?![\p{L}\p{N}])/iu;

/** Whether the new text of a reply speaks as if it decided an estimate (R8): it does not, and the answer says so. */
export const saysApproval = (text: string): boolean => DECIDES.test(text) || OPENS_WITH.test(text);
