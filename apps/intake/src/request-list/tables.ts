/** Rows of requests, replies and mails: folds of intake's own events, with the texts that the events only name. */
export const requestListTables = `
  CREATE SEQUENCE request_numbers;
  CREATE TABLE requests (
    request_id text PRIMARY KEY,
    number bigint NOT NULL,
    package_id text,
    client_id text,
    contact_id text,
    state text NOT NULL,
    channel text NOT NULL,
    urgent boolean NOT NULL,
    urgency_evidence text[] NOT NULL,
    possibly_several boolean NOT NULL,
    several_evidence text[] NOT NULL,
    received_at timestamptz NOT NULL,
    take_in_charge_by timestamptz NOT NULL,
    part_of text,
    activity_ids text[] NOT NULL DEFAULT '{}',
    from_email text NOT NULL,
    from_name text,
    subject text NOT NULL,
    message_id text,
    message_references text[] NOT NULL
  );
  CREATE INDEX requests_in_order ON requests (received_at DESC, request_id DESC);
  CREATE INDEX requests_of_package ON requests (package_id);
  CREATE TABLE replies (
    reply_id text PRIMARY KEY,
    request_id text,
    activity_id text,
    contact_id text NOT NULL,
    urgent boolean NOT NULL,
    flag text,
    received_at timestamptz NOT NULL,
    from_email text NOT NULL,
    from_name text,
    subject text NOT NULL,
    body text NOT NULL,
    message_id text,
    message_references text[] NOT NULL,
    package_id text,
    client_id text NOT NULL,
    seen_at timestamptz,
    made_request_id text
  );
  CREATE INDEX replies_in_order ON replies (received_at, reply_id);
  CREATE INDEX replies_of_request ON replies (request_id);
  CREATE TABLE mails (
    mail_id text PRIMARY KEY,
    disposition text NOT NULL,
    reason text,
    state text NOT NULL,
    request_id text,
    activity_id text,
    contact_id text,
    client_id text,
    referent_id text,
    received_at timestamptz NOT NULL,
    raw_sha256 text NOT NULL,
    content_sha256 text,
    message_id text,
    message_references text[] NOT NULL,
    sent_at timestamptz,
    from_email text,
    from_name text,
    subject text NOT NULL,
    deliveries integer NOT NULL
  );
  CREATE INDEX mails_by_message_id ON mails (message_id);
  CREATE INDEX mails_by_content ON mails (content_sha256);
  CREATE INDEX mails_in_order ON mails (received_at DESC, mail_id DESC);`;
