import type { PrometheusContentType, Registry } from 'prom-client';

export type MetricsRegistry = Registry<PrometheusContentType>;
