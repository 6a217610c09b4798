import { collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsRegistry } from './registry.js';

/** Of the label `service`, where several services share the process. */
const SEVERAL = 'monteore';

const services = new Set<string>();
let registry: MetricsRegistry | null = null;

/** To be called for each service of the process: what the process is measured by carries the only one's name. */
export function countsForProcess(service: string): void {
  services.add(service);
  registry ??= begin();
  registry.setDefaultLabels({ service: services.size === 1 ? service : SEVERAL });
}

/** Memory, processor, event loop and garbage of this process, once whatever runs in it, as text for Prometheus. */
export const processMetrics = async (): Promise<string> => (await registry?.metrics()) ?? '';

function begin(): MetricsRegistry {
  const begun = new Registry();
  collectDefaultMetrics({ register: begun });
  return begun;
}
