/**
 * Mails out (R11). `mail_causes`: each fact that is to be told, once, whatever is replayed. `outbound_mails`: one row a
 * mail, unique by cause, recipient and kind. `mail_activities` and `mail_lots`: what a mail must know of other events.
 * `message_id` stands without angle brackets, as those of mails in do. Nothing but `subject` and `rendered` holds a
 * name or an address.
 */
export const writingMailTables = `
  CREATE TABLE mail_causes (
    cause_event_id text NOT NULL,
    kind text NOT NULL,
    cause jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    look_at timestamptz NOT NULL,
    addressed_at timestamptz,
    PRIMARY KEY (cause_event_id, kind)
  );
  CREATE INDEX mail_causes_waiting ON mail_causes (look_at) WHERE addressed_at IS NULL;
  CREATE TABLE outbound_mails (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail_id text NOT NULL UNIQUE,
    message_id text NOT NULL UNIQUE,
    cause_event_id text NOT NULL,
    recipient_id text NOT NULL,
    kind text NOT NULL,
    from_id text,
    package_id text,
    client_id text,
    request_id text,
    activity_id text,
    may_decide boolean NOT NULL,
    model jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    failure text,
    subject text,
    rendered bytea,
    sent_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (cause_event_id, recipient_id, kind)
  );
  CREATE INDEX outbound_mails_waiting ON outbound_mails (next_attempt_at) WHERE state = 'queued';
  CREATE INDEX outbound_mails_of_package ON outbound_mails (package_id, place);
  CREATE INDEX outbound_mails_of_recipient ON outbound_mails (recipient_id, place);
  CREATE INDEX outbound_mails_of_request ON outbound_mails (request_id, recipient_id, place);
  CREATE TABLE mail_activities (
    activity_id text PRIMARY KEY,
    package_id text NOT NULL,
    request_id text,
    title text NOT NULL,
    asked_version integer
  );
  CREATE INDEX mail_activities_of_request ON mail_activities (request_id);
  CREATE TABLE mail_lots (
    lot_id text PRIMARY KEY,
    package_id text NOT NULL,
    origin text NOT NULL,
    minutes integer NOT NULL,
    expires_on date,
    free_minutes integer NOT NULL,
    held_minutes integer NOT NULL,
    is_open boolean NOT NULL
  );
  CREATE INDEX mail_lots_of_package ON mail_lots (package_id);
  CREATE TABLE mail_sender_lease (
    name text PRIMARY KEY,
    holder text NOT NULL,
    held_until timestamptz NOT NULL
  );`;
