/**
 * `npm run test:deploy`: the chart, the image's recipe and the alerts against the real tools. A tool that can't be had on this
 * machine is named and counted as not run; everything else must pass.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KUBERNETES_VERSIONS, hadolint, helm, kubeconform, promtool, schemas } from './tools.mjs';

const CHART = 'deploy/helm/cloud-sources';
const values = readdirSync('deploy/helm/values').sort();
const scratch = mkdtempSync(join(tmpdir(), 'cs-deploy-'));
const run = (command, ...args) => promisify(execFile)(command, args, { maxBuffer: 64 * 1024 * 1024 });

const checks = [
  ...values.map((file) => ({
    name: `helm lint --strict with ${file}`, tools: [helm],
    check: (bin) => run(bin, 'lint', '--strict', '--quiet', CHART, '-f', `deploy/helm/values/${file}`),
  })),
  ...KUBERNETES_VERSIONS.flatMap((version) => values.map((file) => ({
    name: `kubeconform with ${file} on Kubernetes ${version}`, tools: [helm, kubeconform, schemas],
    check: async (bin, conform, folder) => {
      const manifests = join(scratch, `${version}-${file}`);
      const { stdout } = await run(bin, 'template', 'cs', CHART, '--kube-version', version, '-f', `deploy/helm/values/${file}`);
      writeFileSync(manifests, stdout);
      // A ServiceMonitor is of the Prometheus operator: Kubernetes has no schema of it.
      await run(conform, '-strict', '-kubernetes-version', version, '-skip', 'ServiceMonitor', '-schema-location', `${folder}/{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json`, manifests);
    },
  }))),
  {
    name: 'kubeconform refuses a wrong manifest', tools: [kubeconform, schemas],
    check: async (conform, folder) => {
      const wrong = join(scratch, 'wrong.yaml');
      writeFileSync(wrong, 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: x }\nspec: { replicas: many }\n');
      const refused = await run(conform, '-strict', '-kubernetes-version', KUBERNETES_VERSIONS[0], '-schema-location', `${folder}/{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}.json`, wrong).then(() => false, () => true);
      if (!refused) throw new Error('it let replicas: many pass');
    },
  },
  { name: 'hadolint on the Dockerfile', tools: [hadolint], check: (bin) => run(bin, 'deploy/docker/Dockerfile') },
  { name: 'promtool on the alerts', tools: [promtool], check: (bin) => run(bin, 'check', 'rules', 'deploy/grafana/alerts.yaml') },
  { name: 'promtool on the alerts\' tests', tools: [promtool], check: (bin) => run(bin, 'test', 'rules', 'deploy/grafana/alerts.test.yaml') },
];

const count = { passed: 0, failed: 0, skipped: 0 };
const missing = new Map();
for (const { name, tools, check } of checks) {
  const had = [];
  let absent;
  for (const tool of tools) {
    if (!missing.has(tool)) {
      try { had.push(await tool()); continue; } catch (error) { missing.set(tool, error.message); }
    }
    absent = missing.get(tool);
    break;
  }
  if (absent !== undefined) {
    count.skipped += 1;
    process.stdout.write(`not run  ${name}: ${absent}\n`);
    continue;
  }
  try {
    await check(...had);
    count.passed += 1;
    process.stdout.write(`ok       ${name}\n`);
  } catch (error) {
    count.failed += 1;
    process.stdout.write(`FAILED   ${name}\n${[error.stdout, error.stderr, error.stdout === undefined ? error.message : ''].join('\n').trim()}\n`);
  }
}
rmSync(scratch, { recursive: true, force: true });
process.stdout.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
