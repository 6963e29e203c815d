import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CHART, render, runHelm, selects, workloads, type Manifest } from './chart.js';
import { configurations, mismatches, type Configuration } from './configuration.js';

const VALUES = readdirSync('deploy/helm/values').sort().map((name) => `deploy/helm/values/${name}`);
const MINIMAL = 'deploy/helm/values/minimal.yaml';
const PRODUCTION = 'deploy/helm/values/production.yaml';

const names = (manifests: readonly Manifest[], kind: string): string[] => manifests.filter((manifest) => manifest.kind === kind).map(({ metadata }) => metadata.name).sort();

describe.each(VALUES)('the chart with %s', (values) => {
  let manifests: Manifest[] = [];
  let services: Configuration[] = [];
  beforeAll(async () => {
    [manifests, services] = await Promise.all([render(values), configurations()]);
  }, 120_000);

  it('is accepted by helm lint --strict', async () => {
    await expect(runHelm('lint', '--strict', '--quiet', CHART, '-f', values)).resolves.not.toContain('[ERROR]');
  });

  it('gives every container settings that its configuration class knows, and all that it needs', () => {
    const wrong = workloads(manifests).flatMap(({ spec, metadata }) => spec.template.spec.containers.flatMap(({ command, env }) => {
      const service = services.find(({ entry }) => entry === command[1]);
      return service === undefined ? [`${metadata.name} starts ${command.join(' ')}, which is no service`] : mismatches(service, env.map(({ name }) => name));
    }));
    expect(wrong).toEqual([]);
  });

  it('mounts a file for every setting that names one, and no secret besides', () => {
    for (const { spec: { template: { spec } }, metadata } of workloads(manifests)) {
      const files = spec.volumes.flatMap(({ projected }) => projected?.sources ?? []).flatMap(({ secret }) => secret.items.map(({ path }) => `/run/cloud-sources/${path}`));
      const named = spec.containers.flatMap(({ env }) => env).filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value);
      expect([metadata.name, [...files].sort()]).toEqual([metadata.name, [...named].sort()]);
      const volumes = spec.volumes.map(({ name }) => name).sort();
      expect(spec.containers.flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)).sort()).toEqual(volumes);
    }
  });

  it('runs nothing as root, on a writable root, with capabilities or without limits', () => {
    expect(workloads(manifests).length).toBeGreaterThan(5);
    for (const { spec: { template: { spec } } } of workloads(manifests)) {
      expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } });
      for (const container of spec.containers) {
        expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, capabilities: { drop: ['ALL'] } });
        expect(container.resources.limits?.memory).toMatch(/Mi$|Gi$/);
        expect(container.resources.requests?.cpu).toBeDefined();
      }
    }
  });

  it('probes every service where it answers', () => {
    for (const { spec: { template: { spec } }, kind } of workloads(manifests)) {
      if (kind === 'Job') continue;
      for (const { startupProbe, livenessProbe, readinessProbe, ports, env } of spec.containers) {
        expect([startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet)).toEqual(
          ['/health/live', '/health/live', '/health/ready'].map((path) => ({ path, port: 'health' })));
        expect(String(ports?.find(({ name }) => name === 'health')?.containerPort)).toBe(env.find(({ name }) => name === 'HEALTH_PORT')?.value);
        expect(ports?.find(({ name }) => name === 'http')?.containerPort.toString()).toBe(env.find(({ name }) => name === 'PORT')?.value);
      }
    }
  });

  it('gives a stop more time than the service takes for it', () => {
    for (const { spec: { template: { spec } }, kind } of workloads(manifests)) {
      if (kind === 'Job') continue;
      const own = Number(spec.containers[0]?.env.find(({ name }) => name === 'SHUTDOWN_SECONDS')?.value);
      expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(own + 10);
    }
  });

  it('points every selector and reference at something', () => {
    const pods = workloads(manifests);
    for (const { kind, metadata, spec } of manifests) {
      const selector = kind === 'Service' ? spec?.selector : kind === 'NetworkPolicy' ? spec?.podSelector?.matchLabels
        : ['PodDisruptionBudget', 'Deployment'].includes(kind) ? spec?.selector?.matchLabels : undefined;
      if (selector !== undefined) expect([metadata.name, pods.filter((pod) => selects(selector, pod.spec.template.metadata.labels)).length]).toEqual([metadata.name, 1]);
      if (kind === 'Service') {
        const ports = pods.find((pod) => selects(spec?.selector, pod.spec.template.metadata.labels))?.spec.template.spec.containers[0]?.ports?.map(({ name }) => name);
        for (const { targetPort } of spec?.ports ?? []) expect(ports).toContain(targetPort);
      }
      if (spec?.scaleTargetRef !== undefined) expect(names(manifests, 'Deployment')).toContain(spec.scaleTargetRef.name);
      for (const { http } of spec?.rules ?? []) for (const { backend } of http.paths) expect(names(manifests, 'Service')).toContain(backend.service.name);
    }
    const accounts = [...names(manifests, 'ServiceAccount'), 'default'];
    for (const { spec } of pods) expect(accounts).toContain(spec.template.spec.serviceAccountName);
  });

  it('has no two objects of one name', () => {
    const ids = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect([...new Set(ids)]).toEqual(ids);
  });
});

describe('the chart', () => {
  it('runs one fetcher per connector, told to serve that one', async () => {
    const manifests = await render('deploy/helm/values/connectors.yaml');
    const fetchers = workloads(manifests).filter(({ metadata }) => metadata.name.includes('-fetcher-'));
    expect(fetchers.map(({ metadata, spec }) => [metadata.name, spec.template.spec.containers[0]?.env.find(({ name }) => name === 'CONNECTORS')?.value])).toEqual(
      ['salesforce', 'stripe', 'zendesk'].map((name) => [`cs-cloud-sources-fetcher-${name}`, name]));
    expect(fetchers[1]?.spec.replicas).toBe(3);
    expect(names(manifests, 'HorizontalPodAutoscaler')).toEqual(['cs-cloud-sources-fetcher-zendesk']);
    expect(fetchers[2]?.spec.replicas).toBeUndefined();
    expect(fetchers[0]?.spec.template.spec.containers[0]?.resources.limits?.memory).toBe('3Gi');
  });

  it('prepares before it installs and upgrades, for the same connectors', async () => {
    const manifests = await render(MINIMAL, 'connectors.zendesk.replicas=1');
    const job = manifests.find(({ kind }) => kind === 'Job');
    expect(job?.metadata.annotations?.['helm.sh/hook']).toBe('pre-install,pre-upgrade');
    expect(job?.spec?.template?.spec.containers[0]?.env).toContainEqual({ name: 'CONNECTORS', value: 'stripe,zendesk' });
    const needed = manifests.filter(({ metadata }) => metadata.name === job?.metadata.name && metadata.annotations?.['helm.sh/hook'] !== undefined);
    expect(needed.map(({ kind }) => kind).sort()).toEqual(['Job', 'NetworkPolicy', 'ServiceAccount']);
  });

  it('takes a default connector away when it is set to null', async () => {
    const manifests = await render(MINIMAL, 'connectors.stripe=null', 'connectors.zendesk.replicas=1');
    expect(names(manifests, 'Deployment').filter((name) => name.includes('fetcher'))).toEqual(['cs-cloud-sources-fetcher-zendesk']);
  });

  it('gives each of the two public hosts its own Ingress', async () => {
    const manifests = await render(PRODUCTION);
    const hosts = manifests.filter(({ kind }) => kind === 'Ingress').flatMap(({ spec }) => (spec?.rules ?? []).map(({ host, http }) => [host, http.paths[0]?.path, http.paths[0]?.backend.service.name]));
    expect(hosts.sort()).toEqual([['hooks.example.com', '/hooks', 'cs-cloud-sources-webhook-gateway'], ['sources.example.com', '/', 'cs-cloud-sources-gateway']]);
  });

  it('lets only fetchers, the gateway and the forwarder out to partners and destinations, never to private addresses, and the scheduler to support', async () => {
    const policies = (await render(PRODUCTION)).filter(({ kind }) => kind === 'NetworkPolicy');
    const out = policies.filter(({ spec }) => spec?.egress?.some(({ to }) => to !== undefined));
    expect(out.map(({ metadata }) => metadata.name).sort()).toEqual(['cs-cloud-sources-event-forwarder', 'cs-cloud-sources-fetcher-stripe', 'cs-cloud-sources-gateway', 'cs-cloud-sources-scheduler']);
    for (const { spec } of out) expect(spec?.egress?.at(-1)?.to?.[0]?.ipBlock.except).toContain('169.254.0.0/16');
    for (const { spec } of policies) expect(spec?.egress?.[1]?.ports.map(({ port }) => port)).toEqual([9096, 5432]);
  });

  it.each([
    ['no brokers', 'kafka.brokers=null'],
    ['a broker without a port', 'kafka.brokers={kafka}'],
    ['a misspelt value', 'gatway.replicas=2'],
    ['a misspelt nested value', 'gateway.ingres.enabled=true'],
    ['no secret for the vault', 'vault.secret.name='],
    ['an unknown SASL mechanism', 'kafka.sasl.mechanism=gssapi'],
    ['SASL without its secret', 'kafka.sasl.mechanism=plain'],
    ['a first owner without a secret', 'gateway.firstOwner.email=owner@example.com'],
    ['an Ingress without a host', 'gateway.ingress.enabled=true'],
    ['a setting that is no variable', 'normalizer.env.some-thing=1'],
    ['a negative number of replicas', 'normalizer.replicas=-1'],
    ['replicas as text', 'normalizer.replicas=many'],
    ['no connector', 'connectors=null'],
    ['a connector whose name is no name', 'connectors.Stripe_EU.replicas=1'],
    ['a log level that there is not', 'logLevel=loud'],
    ['a digest that is none', 'image.digest=latest'],
  ])('refuses %s', async (_what, set) => {
    await expect(render(MINIMAL, set)).rejects.toThrow(/values don't meet the specifications of the schema/);
  });
});
