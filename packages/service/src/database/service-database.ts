import type { SqlTransaction, TransactionRunner } from '@monteore/messaging';
import type pg from 'pg';
import { DataSource, type EntityManager, type MigrationInterface, type QueryRunner } from 'typeorm';

/** An open transaction: SQL for projections, TypeORM's manager for whoever prefers entities. */
export interface ServiceTransaction extends SqlTransaction {
  readonly manager: EntityManager;
}

export interface Migration {
  /** Fixed for ever; migrations run in the order of their list. */
  readonly name: string;
  readonly sql: string;
}

/** The service's own schema of read models and working tables, through TypeORM. At most `maxConnections` (4). */
export class ServiceDatabase implements TransactionRunner<ServiceTransaction> {
  private constructor(
    private readonly source: DataSource,
    readonly schema: string,
  ) {}

  static async connect(options: {
    readonly url: string;
    readonly schema: string;
    readonly maxConnections?: number;
  }): Promise<ServiceDatabase> {
    const source = new DataSource({
      type: 'postgres',
      url: options.url,
      schema: options.schema,
      synchronize: false,
      connectTimeoutMS: 2000,
      extra: {
        max: options.maxConnections ?? 4,
        statement_timeout: 5000,
        options: `-c search_path=${options.schema}`,
        // One that dies in the packet that opens it is nobody's yet: without a listener it would end the process.
        onConnect: (client: pg.ClientBase) => void client.on('error', () => {}),
      },
      poolErrorHandler: () => {},
    });
    await source.initialize();
    return new ServiceDatabase(source, options.schema);
  }

  async query<Row extends object = Record<string, unknown>>(
    text: string,
    parameters: readonly unknown[] = [],
  ): Promise<Row[]> {
    const runner = this.source.createQueryRunner();
    try {
      return await rowsOf<Row>(runner, text, parameters);
    } finally {
      await runner.release();
    }
  }

  async transaction<T>(work: (tx: ServiceTransaction) => Promise<T>): Promise<T> {
    return this.source.transaction((manager) =>
      work({
        manager,
        query: (text, parameters = []) => rowsOf(manager.queryRunner!, text, parameters),
      }),
    );
  }

  async close(): Promise<void> {
    await this.source.destroy();
  }
}

async function rowsOf<Row extends object>(
  runner: QueryRunner,
  text: string,
  parameters: readonly unknown[],
): Promise<Row[]> {
  const result = await runner.query(text, [...parameters], true);
  return result.records as Row[];
}

/**
 * Brings a service's schema to its newest form, as its owner, one process at a time; then gives the role that the
 * service runs as what it needs and nothing beyond its own schema.
 */
export async function migrate(options: {
  readonly ownerUrl: string;
  readonly schema: string;
  readonly runtimeRole?: string;
  readonly migrations: readonly Migration[];
}): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url: options.ownerUrl,
    schema: options.schema,
    synchronize: false,
    migrationsTableName: 'schema_migrations',
    migrations: options.migrations.map(asTypeOrmMigration),
    connectTimeoutMS: 2000,
    extra: { max: 2, options: `-c search_path=${options.schema}` },
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [
      `monteore.migrate.${options.schema}`,
    ]);
    await lock.query(`CREATE SCHEMA IF NOT EXISTS ${options.schema}`);
    await source.runMigrations({ transaction: 'each' });
    if (options.runtimeRole !== undefined) {
      await lock.query(`GRANT USAGE ON SCHEMA ${options.schema} TO ${options.runtimeRole}`);
      await lock.query(
        `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${options.schema} TO ${options.runtimeRole}`,
      );
      await lock.query(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${options.schema} TO ${options.runtimeRole}`);
    }
  } finally {
    await lock.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [
      `monteore.migrate.${options.schema}`,
    ]);
    await lock.release();
    await source.destroy();
  }
}

/** TypeORM orders migrations by the timestamp their class name ends with. */
function asTypeOrmMigration({ name, sql }: Migration, index: number): new () => MigrationInterface {
  const className = `${name.replaceAll(/[^a-zA-Z0-9]/g, '')}${1_700_000_000_000 + index}`;
  return {
    [className]: class implements MigrationInterface {
      readonly name = className;
      async up(runner: QueryRunner): Promise<void> {
        await runner.query(sql);
      }
      down(): Promise<void> {
        return Promise.reject(new Error('migrations only go forward: restore a backup instead'));
      }
    },
  }[className]!;
}
