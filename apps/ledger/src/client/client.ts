import type { ContactRole, Language } from '@monteore/kernel';

/** The client's stream: who its contacts are and what they may do, without a name or an address. */
export interface ClientState {
  readonly clientId?: string;
  readonly language: Language;
  readonly contacts: ReadonlyMap<string, ContactState>;
}

export interface ContactState {
  readonly contactId: string;
  readonly roles: readonly ContactRole[];
  readonly active: boolean;
  readonly language: Language;
}

export type ClientEvent =
  | {
      readonly type: 'ClientRegistered';
      readonly data: { readonly clientId: string; readonly language: Language };
    }
  | {
      readonly type: 'ContactChanged';
      readonly data: ContactState & {
        readonly clientId: string;
        readonly previousRoles: readonly ContactRole[];
      };
    };

export const UNREGISTERED: ClientState = { language: 'it', contacts: new Map() };

export function evolveClient(state: ClientState, event: ClientEvent): ClientState {
  switch (event.type) {
    case 'ClientRegistered':
      return { ...state, ...event.data };
    case 'ContactChanged': {
      const { contactId, roles, active, language } = event.data;
      return {
        ...state,
        contacts: new Map(state.contacts).set(contactId, { contactId, roles, active, language }),
      };
    }
  }
}

/** A contact as it should be; nothing when that is how it is. */
export function changeContact(state: ClientState, clientId: string, wanted: ContactState): ClientEvent[] {
  const known = state.contacts.get(wanted.contactId);
  const isSame =
    known !== undefined &&
    known.active === wanted.active &&
    known.language === wanted.language &&
    known.roles.join() === wanted.roles.join();
  if (isSame) return [];
  return [{ type: 'ContactChanged', data: { ...wanted, clientId, previousRoles: known?.roles ?? [] } }];
}
