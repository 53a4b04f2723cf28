/** The Emscripten module under libpg-query: used directly, since the package's wrapper cannot replace a broken one. */
declare module 'libpg-query/wasm/libpg-query.js' {
  export interface PgQueryModule {
    readonly HEAPU8: Uint8Array
    getValue(at: number, type: 'i32'): number
    _malloc(bytes: number): number
    _free(at: number): void
    _wasm_parse_query_raw(text: number): number
    _wasm_free_parse_result(result: number): void
  }
  export default function createModule(): Promise<PgQueryModule>
}
