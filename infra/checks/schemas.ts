import { type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { readText, type Tree } from './deployment-files.ts';

const SCHEMAS = 'infra/checks/schemas';

function newAjv(): Ajv2020 {
  // Published schemas carry members of their own (x-…) and formats of other languages; what they allow is not loosened.
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  return ajv;
}

const said = (errors: readonly ErrorObject[] | null | undefined): string[] =>
  (errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );

const schema = (path: string): Tree => JSON.parse(readText(`${SCHEMAS}/${path}`));

/** What the Compose specification has against the file; empty when it is well. */
export function composeFaults(content: Tree): string[] {
  const validate = newAjv().compile(schema('compose/compose-spec.json'));
  validate(content);
  return said(validate.errors);
}

const DEFINITIONS = '_definitions';

const KINDS: Readonly<Record<string, string>> = {
  ConfigMap: 'configmap-v1',
  Deployment: 'deployment-apps-v1',
  Ingress: 'ingress-networking-v1',
  Job: 'job-batch-v1',
  Namespace: 'namespace-v1',
  NetworkPolicy: 'networkpolicy-networking-v1',
  PersistentVolumeClaim: 'persistentvolumeclaim-v1',
  PodDisruptionBudget: 'poddisruptionbudget-policy-v1',
  Role: 'role-rbac-v1',
  RoleBinding: 'rolebinding-rbac-v1',
  Service: 'service-v1',
  ServiceAccount: 'serviceaccount-v1',
};

const forKubernetes = newAjv();

/** What Kubernetes would have against the object; unknown fields are faults. */
export function kubernetesFaults(content: Tree): string[] {
  const file = KINDS[content.kind];
  if (file === undefined) return [`${content.kind}: its schema is not in ${SCHEMAS}/kubernetes`];
  if (forKubernetes.getSchema(file) === undefined) {
    if (forKubernetes.getSchema(DEFINITIONS) === undefined)
      forKubernetes.addSchema(schema('kubernetes/_definitions.json'), DEFINITIONS);
    forKubernetes.addSchema(schema(`kubernetes/${file}.json`), file);
  }
  const validate = forKubernetes.getSchema(file)!;
  validate(content);
  return said(validate.errors);
}
