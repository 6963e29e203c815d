import 'reflect-metadata';
import { Global, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Health, Logger, Metrics } from '#platform';
import { GatewayConfig } from '../gateway.config.js';
import { GatewayModule } from '../gateway.module.js';
import { openApi } from './open-api.js';

const stubs = [GatewayConfig, Health, Logger, Metrics].map((provide) => ({ provide, useValue: {} }));

@Global()
@Module({ imports: [GatewayModule], providers: stubs, exports: stubs.map(({ provide }) => provide) })
class Described {}

/** The OpenAPI document without starting anything: no configuration, no database, no broker. Nest's preview makes no instance of a class. */
export async function describeApi(): Promise<OpenAPIObject> {
  const app = await NestFactory.create(Described, new FastifyAdapter(), { preview: true, logger: false, abortOnError: false });
  return JSON.parse(JSON.stringify(openApi(app))) as OpenAPIObject;
}

/** As `docs/openapi.json` has it. */
export const openApiText = (document: OpenAPIObject): string => `${JSON.stringify(document, null, 1)}\n`;
