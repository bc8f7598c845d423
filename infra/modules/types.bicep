@description('An API behind `/api/<name>/`.')
@export()
type downstreamApi = {
  @description('Letters and digits.')
  @minLength(1)
  @maxLength(32)
  name: string

  @description('Base URL of the API.')
  baseUrl: string

  @description('Scopes of one resource, separated by spaces.')
  scopes: string
}
