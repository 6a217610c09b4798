import { Public, publishedKeys, type ServiceCore } from '@monteore/service';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { CORE } from '../tokens.js';

/** The public keys by which other services verify the links in mails (architecture.md, Keys and rights). */
@Controller('.well-known')
export class LinkKeysController {
  private readonly published: ReturnType<typeof publishedKeys>;

  constructor(@Inject(CORE) core: ServiceCore) {
    this.published = publishedKeys(core.settings.linkKeys);
  }

  @Get('jwks.json')
  @Public()
  @Header('cache-control', 'public, max-age=60')
  keys(): ReturnType<typeof this.published> {
    return this.published();
  }
}
