import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';

/** The published documents; the OpenAPI one is made of the running application, once it is there. */
@Injectable()
export class Documents {
  private make: (() => OpenAPIObject) | undefined;
  private made: OpenAPIObject | undefined;

  describe(make: () => OpenAPIObject): void { this.make = make; }

  openApi(): OpenAPIObject {
    if (this.make === undefined) throw new Error('the application was not described yet');
    return this.made ??= this.make();
  }
}
