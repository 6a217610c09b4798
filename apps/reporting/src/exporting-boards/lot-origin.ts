import type { Lot } from '@monteore/contracts';
import type { Language } from '@monteore/kernel';

/** Where a lot comes from, in both languages. */
export const LOT_ORIGIN: Readonly<Record<Lot['origin'], Readonly<Record<Language, string>>>> = {
  purchase: { it: 'primo acquisto', en: 'first purchase' },
  'top-up': { it: 'ricarica', en: 'top-up' },
  rollover: { it: 'ore riportate', en: 'rolled over' },
  adjustment: { it: 'rettifica', en: 'adjustment' },
  reversal: { it: 'storno', en: 'reversal' },
};
