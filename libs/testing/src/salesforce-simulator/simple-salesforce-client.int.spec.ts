import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { pythonPackages } from '../harness/python-packages.js';
import { startSalesforceSimulator } from './index.js';

const PROGRAM = fileURLToPath(new URL('./simple_salesforce_client.py', import.meta.url));

it('simple-salesforce reads, writes and is refused as by Salesforce', async () => {
  const packages = await pythonPackages('simple-salesforce==1.12.10');
  const simulator = await startSalesforceSimulator({ batchSize: 50 });
  try {
    for (let i = 0; i < 120; i++) simulator.create('Account', { Name: `Account ${i}` });
    const [gone = ''] = simulator.ids('Account');
    simulator.delete('Account', gone);
    simulator.defineObject('Ship__c', ['Draft__c:double']);
    const { stdout } = await promisify(execFile)('python3', [PROGRAM], { env: { PATH: process.env['PATH'], PYTHONPATH: packages, INSTANCE: new URL(simulator.url).host, SESSION_ID: simulator.accessToken } });
    const { accounts, fields, ...seen } = JSON.parse(stdout) as { accounts: string[]; fields: string[] };
    expect(accounts.sort()).toEqual(Array.from({ length: 119 }, (_, index) => `Account ${index + 1}`).sort());
    expect(fields).toEqual(expect.arrayContaining(['Id', 'SystemModstamp', 'Draft__c']));
    expect(seen).toEqual({ with_deleted: 120, ship: 4.5, limit: 15_000, refused: 'INVALID_FIELD', expired: 'INVALID_SESSION_ID' });
  } finally {
    await simulator.stop();
  }
}, 180_000);
