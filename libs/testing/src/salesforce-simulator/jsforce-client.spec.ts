import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Connection, OAuth2 } from 'jsforce';
import { startSalesforceSimulator, type SalesforceSimulator } from './index.js';

let simulator: SalesforceSimulator;
beforeEach(async () => { simulator = await startSalesforceSimulator({ batchSize: 50 }); });
afterEach(() => simulator.stop());
const client = (accessToken = simulator.accessToken): Connection => new Connection({ instanceUrl: simulator.url, accessToken, version: '64.0', maxRequest: 5 });
const rejection = async (promise: PromiseLike<unknown>): Promise<unknown> => { try { await promise; } catch (error) { return error; } return undefined; };

describe('jsforce', () => {
  it('pages through a query, and sees the recycle bin when it scans all', async () => {
    for (let i = 0; i < 120; i++) simulator.create('Account', { Name: `Account ${i}` });
    const [gone = ''] = simulator.ids('Account');
    simulator.delete('Account', gone);
    const connection = client();
    const names = await connection.query('SELECT Id, Name FROM Account ORDER BY SystemModstamp, Id').run({ autoFetch: true, maxFetch: 1_000 }) as unknown as { records: unknown[]; totalSize: number };
    expect([names.totalSize, names.records.length]).toEqual([119, 119]);
    const all = await connection.query('SELECT Id FROM Account WHERE IsDeleted = true', { scanAll: true });
    expect(all.records).toMatchObject([{ Id: gone }]);
    expect(connection.limitInfo.apiUsage).toEqual({ used: 4, limit: 15_000 });
  });

  it('describes, writes and reads objects', async () => {
    simulator.defineObject('Ship__c', ['Draft__c:double']);
    const connection = client();
    const { sobjects } = await connection.describeGlobal();
    expect(sobjects.find(({ name }) => name === 'Ship__c')).toMatchObject({ custom: true, queryable: true });
    const { fields } = await connection.describe('Ship__c');
    expect(fields.find(({ name }) => name === 'Draft__c')).toMatchObject({ type: 'double', calculated: false });
    const { id = '' } = await connection.sobject('Ship__c').create({ Name: 'Fram', Draft__c: 5.25 });
    await connection.sobject('Ship__c').update({ Id: id, Draft__c: 4.5 });
    expect(await connection.sobject('Ship__c').retrieve(id)).toMatchObject({ Name: 'Fram', Draft__c: 4.5 });
    expect(await connection.sobject('Ship__c').find({ Draft__c: { $gt: 4 } }, ['Id', 'Name'])).toMatchObject([{ Id: id }]);
    await connection.sobject('Ship__c').destroy(id);
    expect(await connection.sobject('Ship__c').count()).toBe(0);
    const { deletedRecords } = await connection.sobject('Ship__c').deleted(new Date(simulator.now() - 60_000), new Date(simulator.now() + 60_000));
    expect(deletedRecords).toMatchObject([{ id }]);
    expect(await connection.limits()).toMatchObject({ DailyApiRequests: { Max: 15_000 } });
  });

  it('reads the results of a bulk query', async () => {
    for (let i = 0; i < 25; i++) simulator.create('Contact', { LastName: `"Quoted", ${i}` });
    const connection = client();
    connection.bulk2.pollInterval = 10;
    // One page: jsforce 3.10.16 ends its stream with the first, and fails at the second ("write after end").
    const records = await (await connection.bulk2.query('SELECT Id, LastName FROM Contact')).toArray();
    expect(records).toHaveLength(25);
    expect(records[24]).toMatchObject({ LastName: '"Quoted", 24' });
  });

  it('refreshes a session that has ended, by a refresh token that works once', async () => {
    const app = simulator.addApp(true);
    const oauth2 = new OAuth2({ loginUrl: simulator.url, clientId: app.clientId, clientSecret: app.clientSecret, redirectUri: 'http://127.0.0.1/back' });
    expect(await rejection(new Connection({ instanceUrl: simulator.url, accessToken: 'none' }).query('SELECT Id FROM Account').run())).toMatchObject({ errorCode: 'INVALID_SESSION_ID' });
    const refreshToken = simulator.sessions.grant(simulator.admin, app);
    const connection = new Connection({ oauth2, instanceUrl: simulator.url, accessToken: 'ended', refreshToken });
    expect((await connection.query('SELECT Id FROM User')).totalSize).toBe(1);
    expect(await rejection(oauth2.refreshToken(refreshToken))).toMatchObject({ message: 'expired access/refresh token' });
  });

  it('gets the errors that it knows', async () => {
    const connection = client();
    expect(await rejection(connection.query('SELECT Nope FROM Account').run())).toMatchObject({ errorCode: 'INVALID_FIELD' });
    expect(await rejection(connection.query('SELECT Id FROM Nope').run())).toMatchObject({ errorCode: 'INVALID_TYPE' });
    simulator.server.use(15_000);
    expect(await rejection(connection.query('SELECT Id FROM Account').run())).toMatchObject({ errorCode: 'REQUEST_LIMIT_EXCEEDED' });
  });
});
