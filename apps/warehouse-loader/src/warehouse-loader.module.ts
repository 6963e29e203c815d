import { Module } from '@nestjs/common';
import { WarehouseLoaderService } from './warehouse-loader.service.js';

@Module({ providers: [WarehouseLoaderService] })
export class WarehouseLoaderModule {}
