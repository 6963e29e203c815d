import { ApiProperty } from '@nestjs/swagger';

class WarehouseArrivalDto {
  @ApiProperty({ format: 'uuid' }) warehouseId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Records that it has not loaded yet, at most: those of other sources on the same topics are among them. 0: all that was normalised of a run that is over is loaded. null: the warehouse can not be asked.' }) onTheWay!: number | null;
}

export class ArrivalDto {
  @ApiProperty({ type: 'integer', description: 'Records that are durable in the raw topic.' }) records!: number;
  @ApiProperty({ type: 'integer', description: 'Raw pages that are not normalised yet, at most; 0: all of them are.' }) pagesOnTheWay!: number;
  @ApiProperty({ type: () => WarehouseArrivalDto, isArray: true, description: 'Each that takes the source.' }) warehouses!: WarehouseArrivalDto[];
  @ApiProperty({ description: 'The run is over, and everything of it is everywhere.' }) complete!: boolean;
}
