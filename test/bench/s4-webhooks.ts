import { freePorts } from '#embedded';
import { createSource, withStack, type BenchStack } from './measure/bench-stack.js';
import type { CpuSeconds } from './measure/cpu.js';
import { scaled, type BenchContext, type BenchResult } from './measure/report.js';
import { until } from './measure/until.js';

const SECONDS = 10;
const CONNECTIONS = 64;
const LOAD = 'webhook-load';
const ROUTE = 'bare-route';

interface Load { readonly perSecond: number; readonly p50: number; readonly p99: number; readonly refused: number; readonly unanswered: number; readonly cpu: number }
interface Server { readonly name: string; readonly most: Load; readonly at80: Load; readonly rate: number; readonly cpu: CpuSeconds; readonly process: string }

async function load(stack: BenchStack, target: string, seconds: number, rate: number): Promise<Load> {
  let result: Load | undefined;
  const warm = Math.max(1, seconds / 4);
  const env = {
    TARGET: target, SECRET: stack.secrets.webhookSecret, CONNECTIONS: String(CONNECTIONS), RATE: String(rate), SECONDS: String(seconds), WARM_SECONDS: String(warm),
    EXPECTED: String(Math.ceil((rate || 6000) * (seconds + warm))),
  };
  await stack.startProgram(LOAD, [], env, (line) => { if (line.startsWith('{')) result = JSON.parse(line) as Load; else process.stderr.write(`${LOAD} ${line}\n`); });
  await until('the load has ended', (seconds + warm) * 1000 + 60_000, 50, async () => result !== undefined);
  await stack.end(LOAD);
  return result as Load;
}

/** The maximum first, then four fifths of it. */
async function measure(stack: BenchStack, name: string, process: string, target: string, seconds: number): Promise<Server> {
  const cpu = stack.cpu();
  const most = await load(stack, target, seconds, 0);
  const used = cpu();
  const rate = Math.floor(most.perSecond * 0.8);
  return { name, process, most, rate, cpu: used, at80: await load(stack, target, seconds, rate) };
}

async function bare(stack: BenchStack, mode: 'verified' | 'empty', seconds: number): Promise<Server> {
  const [port = 0] = await freePorts(1);
  let listening = false;
  await stack.startProgram(ROUTE, [], { PORT: String(port), SECRET: stack.secrets.webhookSecret, MODE: mode }, (line) => { if (line === 'listening') listening = true; else process.stderr.write(`${ROUTE} ${line}\n`); });
  await until('the bare route listens', 20_000, 20, async () => listening);
  const name = mode === 'verified' ? 'the same route without Kafka' : 'the same Fastify, nothing done';
  const server = await measure(stack, name, ROUTE, `http://127.0.0.1:${port}/hooks/bench`, seconds);
  await stack.end(ROUTE);
  return server;
}

/** S4: signed webhooks, acknowledged after acks=all, beside the same route without Kafka. */
export async function s4(context: BenchContext): Promise<BenchResult> {
  const seconds = scaled(SECONDS, context);
  context.say(`S4: ${CONNECTIONS} connections of signed webhooks, ${seconds} s each`);
  return withStack(context, { services: ['gateway', 'webhook-gateway'], customers: 1 }, async (stack) => {
    const { sourceId } = await createSource(stack, ['customers', 'customer_events']);
    await stack.gateway.ensureWebhookSecret(sourceId, stack.secrets.webhookSecret);
    const target = await stack.gateway.webhookUrl(sourceId);
    await stack.end('gateway');
    const mine = await measure(stack, 'webhook-gateway, acks=all', 'webhook-gateway', target, seconds);
    await stack.end('webhook-gateway');
    context.say('S4: the same route without Kafka');
    const servers = [mine, await bare(stack, 'verified', seconds), await bare(stack, 'empty', seconds)];
    const refused = mine.most.refused + mine.at80.refused + mine.at80.unanswered;
    const microseconds = ({ cpu, most, process }: Server, name = process): number => 1e6 * (cpu[name] ?? 0) / (most.perSecond * seconds * 1.25);
    return {
      title: `S4  signed webhooks over ${CONNECTIONS} connections`,
      columns: ['', 'acknowledged/s', 'p50 ms', 'p99 ms', 'at 80 %: /s', 'p50 ms', 'p99 ms', 'own CPU µs each', 'broker µs each'],
      rows: servers.map((server) => [
        server.name, server.most.perSecond, server.most.p50, server.most.p99, server.at80.perSecond, server.at80.p50, server.at80.p99, microseconds(server), microseconds(server, 'kafka'),
      ]),
      notes: [
        'Reach: 5,000 a second, p99 under 50 ms at 80 % of the maximum. At 80 % a latency counts from the moment the request was due.',
        `${(100 * mine.most.perSecond / (servers[1]?.most.perSecond ?? Number.NaN)).toFixed(0)} % of the same route without Kafka. Refused or unanswered by the gateway: ${refused}.`,
        `The sender is a process of its own on the same machine; it used ${mine.most.cpu.toFixed(1)} CPU s at the maximum.`,
      ],
      figures: {
        perSecond: mine.most.perSecond, p99At80: mine.at80.p99, p50At80: mine.at80.p50, rateAt80: mine.rate, refused,
        routePerSecond: servers[1]?.most.perSecond ?? Number.NaN, emptyRoutePerSecond: servers[2]?.most.perSecond ?? Number.NaN,
      },
    };
  });
}
