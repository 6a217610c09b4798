const ADDRESS = /[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}.-]+/gu;
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;
const BEARER = /\bBearer\s+\S+/gi;

/** A text as a log may hold it: without e-mail addresses, passwords in addresses of servers, and tokens. */
export const masked = (text: string): string =>
  text.replace(TOKEN, '<token>').replace(BEARER, 'Bearer <token>').replace(ADDRESS, '<address>');
