import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One span as a collector was sent it. */
export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  /** OTLP: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly isFailure: boolean;
}

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

/** The part that is read of OTLP's ExportTraceServiceRequest, in its JSON form. */
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<CollectedSpan, 'service' | 'isFailure'> & {
        readonly status: { readonly code: number };
      })[];
    }[];
  }[];
}

const OTLP_ERROR = 2;

/** A collector of traces over OTLP/HTTP that keeps what it is sent. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  /** Everything that was sent, as text. */
  text = '';

  private constructor(private readonly server: Server) {
    server.on('request', async (request, response) => {
      if (request.method === 'POST' && request.url === '/v1/traces') this.keep(await textOf(request));
      else response.statusCode = 404;
      response.setHeader('content-type', 'application/json');
      response.end('{}');
    });
  }

  static async start(): Promise<TraceCollector> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TraceCollector(server);
  }

  /** As OTEL_EXPORTER_OTLP_ENDPOINT names it. */
  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  of(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private keep(text: string): void {
    this.text += text;
    for (const { resource, scopeSpans } of (JSON.parse(text) as Sent).resourceSpans) {
      const name = resource.attributes.find(({ key }) => key === 'service.name');
      const service = name?.value.stringValue ?? '';
      for (const { status, ...span } of scopeSpans.flatMap(({ spans }) => spans))
        this.spans.push({ ...span, service, isFailure: status.code === OTLP_ERROR });
    }
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/** `kind service: name < service: name of the span before it`, one line a span, sorted. `known` names others' spans. */
export function linesOf(
  spans: readonly CollectedSpan[],
  known: Readonly<Record<string, string>> = {},
): string[] {
  const nameOf = ({ service, name }: CollectedSpan) => `${service.replace('monteore.', '')}: ${name}`;
  const names = new Map([
    ...Object.entries(known),
    ...spans.map((span) => [span.spanId, nameOf(span)] as const),
  ]);
  return spans
    .map((span) => {
      const before = names.get(span.parentSpanId ?? '') ?? 'nothing known';
      return `${KINDS[span.kind]} ${nameOf(span)} < ${before}`;
    })
    .sort();
}
