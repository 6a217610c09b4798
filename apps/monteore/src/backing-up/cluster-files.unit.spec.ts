import { describe, expect, test } from '@jest/globals';
import { isLeftOut } from './cluster-files.js';

describe('what of a running cluster is not in its backup', () => {
  test.each([
    'postmaster.pid',
    'postmaster.opts',
    'backup_label.old',
    'pg_wal/000000010000000000000002',
    'pg_wal/archive_status',
    'pg_replslot/monteore_backup_7',
    'pg_notify/0000',
    'pg_subtrans/0000',
    'base/pgsql_tmp',
    'base/pgsql_tmp/pgsql_tmp7.0',
    'base/16384/pg_internal.init',
    'global/pg_internal.init.77',
  ])('%s', (path) => expect(isLeftOut(path)).toBe(true));

  test.each([
    'PG_VERSION',
    'postgresql.conf',
    'pg_hba.conf',
    'global/pg_control',
    'base/16384/16385',
    'base/16384/pg_filenode.map',
    'pg_xact/0000',
    'pg_multixact/members/0000',
    // The directories themselves are needed.
    'pg_wal',
    'pg_replslot',
    'pg_notify',
  ])('but %s is', (path) => expect(isLeftOut(path)).toBe(false));
});
