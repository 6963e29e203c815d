import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { helm } from '../deploy/tools.mjs';

export const CHART = 'deploy/helm/cloud-sources';

/** The parts of a Kubernetes object that the specs look at. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Labels } & Labels;
    readonly podSelector?: { readonly matchLabels?: Labels };
    readonly ports?: readonly { readonly name: string; readonly targetPort: string }[];
    readonly scaleTargetRef?: { readonly name: string };
    readonly rules?: readonly { readonly host: string; readonly http: { readonly paths: readonly { readonly path: string; readonly backend: { readonly service: { readonly name: string } } }[] } }[];
    readonly egress?: readonly { readonly ports: readonly { readonly port: number }[]; readonly to?: readonly { readonly ipBlock: { readonly except?: readonly string[] } }[] }[];
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}
export type Labels = Readonly<Record<string, string>>;

export interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumes: readonly { readonly name: string; readonly projected?: { readonly sources: readonly { readonly secret: { readonly name: string; readonly items: readonly { readonly path: string }[] } }[] } }[];
  readonly containers: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly resources: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}
interface Probe { readonly httpGet: { readonly path: string; readonly port: string } }

/** Runs helm. @throws with helm's own words. */
export async function runHelm(...args: string[]): Promise<string> {
  return (await promisify(execFile)(await helm(), args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
}

/** What the chart makes of a values file and `--set` changes, hooks included. */
export async function render(values: string, ...set: string[]): Promise<Manifest[]> {
  const text = await runHelm('template', 'cs', CHART, '--namespace', 'sources', '-f', values, ...set.flatMap((one) => ['--set', one]));
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest | null).filter((manifest): manifest is Manifest => manifest !== null);
}

/** The Deployments and Jobs of a release. */
export const workloads = (manifests: readonly Manifest[]): (Manifest & { spec: { template: { spec: PodSpec; metadata: { labels: Labels } } } })[] =>
  manifests.filter((manifest): manifest is Manifest & { spec: { template: { spec: PodSpec; metadata: { labels: Labels } } } } => manifest.spec?.template !== undefined);

/** Whether labels satisfy a selector. */
export const selects = (selector: Labels | undefined, labels: Labels | undefined): boolean =>
  selector !== undefined && Object.entries(selector).every(([key, value]) => labels?.[key] === value);
