// The broker as a process of this machine's Java, with the jars that pom.xml names.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { freePorts, SETTINGS, untilItAnswers } from './broker.mjs';

const here = import.meta.dirname;
const STOP_LIMIT_MILLISECONDS = 20_000;

/** What is missing to run a broker this way, or null. */
export function missingForJars() {
  for (const command of ['java', 'mvn'])
    if (spawnSync(command, ['-version'], { stdio: 'ignore' }).status !== 0)
      return `«${command}» does not run`;
  return null;
}

/** See startKafka. */
export async function startKafkaFromJars({ secured = false } = {}) {
  const jars = resolveJars();
  const directory = mkdtempSync(join(tmpdir(), 'monteore-kafka-'));
  const log = join(directory, 'broker.log');
  const properties = join(directory, 'server.properties');
  const [port, controllerPort, securedPort] = await freePorts(3);
  const security = secured ? makeSecurity(directory, securedPort) : null;
  writeFileSync(
    properties,
    settings(directory, port, controllerPort) + securedSettings(port, controllerPort, security),
  );
  runStorageTool(jars, properties, log, security);
  const launch = () => launchBroker({ jars, properties, log, port });
  let broker = await launch().catch((error) => {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  });
  return {
    brokers: [`127.0.0.1:${port}`],
    security,
    shutDown: () => broker.end('SIGTERM'),
    kill: () => broker.end('SIGKILL'),
    startAgain: async () => {
      broker = await launch();
    },
    stop: async () => {
      await broker.end('SIGTERM');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** One process of the broker, once it answers. Throws what untilItAnswers throws. */
async function launchBroker({ jars, properties, log, port }) {
  const broker = spawn('java', javaArguments(jars, 'kafka.Kafka', properties), {
    stdio: ['ignore', 'ignore', openSync(log, 'a')],
  });
  // Whoever started it takes it along, however it ends.
  const kill = () => broker.kill('SIGKILL');
  process.once('exit', kill);
  let isRunning = true;
  const ended = new Promise((resolve) => broker.once('exit', resolve).once('error', resolve)).then(() => {
    isRunning = false;
    process.off('exit', kill);
  });
  const end = async (signal) => {
    broker.kill(signal);
    const timer = setTimeout(kill, STOP_LIMIT_MILLISECONDS);
    await ended;
    clearTimeout(timer);
  };
  const said = () => readFileSync(log, 'utf8');
  await untilItAnswers(port, { isRunning: () => isRunning, said }).catch(async (error) => {
    await end('SIGTERM');
    throw error;
  });
  return { end };
}

/** The directory of the jars that pom.xml names, filled at the first use of each of its states. */
function resolveJars() {
  const pom = join(here, 'pom.xml');
  const state = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16);
  const jars = join(here, '.jars', state);
  if (existsSync(jars)) return jars;
  mkdirSync(dirname(jars), { recursive: true });
  const partial = mkdtempSync(join(dirname(jars), 'partial-'));
  const run = spawnSync(
    'mvn',
    [
      '-q',
      '-B',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${partial}`,
      '-DincludeScope=runtime',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (run.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error('Maven could not fetch the broker: it needs its repository once');
  }
  renameSync(partial, jars);
  return jars;
}

const settings = (directory, port, controllerPort) =>
  propertiesOf({
    ...SETTINGS,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'log.dirs': join(directory, 'data'),
  });

const propertiesOf = (properties) =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** A certificate for this machine, and one user. */
function makeSecurity(directory, port) {
  const password = randomBytes(18).toString('hex');
  const keystore = join(directory, 'keystore.p12');
  const caFile = join(directory, 'ca.pem');
  const keytool = (...args) => {
    const run = spawnSync('keytool', [...args, '-keystore', keystore, '-storepass', password], {
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`no certificate could be made: ${run.stdout}${run.stderr}`);
  };
  const names = ['-dname', 'CN=localhost', '-ext', 'SAN=ip:127.0.0.1,dns:localhost'];
  keytool(
    '-genkeypair',
    '-alias',
    'broker',
    '-keyalg',
    'EC',
    '-storetype',
    'PKCS12',
    '-validity',
    '30',
    ...names,
  );
  keytool('-exportcert', '-rfc', '-alias', 'broker', '-file', caFile);
  return {
    brokers: [`127.0.0.1:${port}`],
    caFile,
    username: 'monteore',
    password: randomBytes(18).toString('hex'),
    keystore,
    keystorePassword: password,
  };
}

function securedSettings(port, controllerPort, security) {
  if (security === null) return '';
  const { brokers, keystore, keystorePassword, username, password } = security;
  const listeners = `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort},SECURED://${brokers[0]}`;
  const modules = 'org.apache.kafka.common.security';
  return propertiesOf({
    listeners,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL',
    'inter.broker.listener.name': 'PLAINTEXT',
    'ssl.keystore.location': keystore,
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.password': keystorePassword,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
    'listener.name.secured.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule required user_${username}="${password}";`,
    'listener.name.secured.scram-sha-512.sasl.jaas.config': `${modules}.scram.ScramLoginModule required;`,
  });
}

function runStorageTool(jars, properties, log, security) {
  const id = createHash('sha256').update(properties).digest().subarray(0, 16).toString('base64url');
  const run = spawnSync(
    'java',
    javaArguments(jars, 'kafka.tools.StorageTool', ...formatArguments(id, properties, security)),
    { encoding: 'utf8' },
  );
  writeFileSync(log, `${run.stdout}${run.stderr}`);
  if (run.status !== 0)
    throw new Error(`the broker's directory could not be formatted: ${run.stdout}${run.stderr}`);
}

/** Arguments of the tool that makes the directory of a broker. One id in sixty-four begins as an option does. */
export const formatArguments = (clusterId, properties, security) => [
  ...['format', '--standalone', `--cluster-id=${clusterId}`, '--config', properties],
  ...(security === null
    ? []
    : ['--add-scram', `SCRAM-SHA-512=[name=${security.username},password=${security.password}]`]),
];

const javaArguments = (jars, program, ...rest) => [
  '-Xmx512m',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-cp',
  [join(jars, '*')].join(delimiter),
  program,
  ...rest,
];
