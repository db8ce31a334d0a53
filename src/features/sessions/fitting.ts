/** characters of the sessions in one page, as JSON */
export const PAGE_SIZE = 4 * 1024 * 1024

/** As many of them, from the first, as one page takes; one whatever its size. */
export function fitting<Shown>(all: readonly Shown[]): Shown[] {
  let size = 0
  const end = all.findIndex((one, index) => {
    size += JSON.stringify(one).length
    return size > PAGE_SIZE && index > 0
  })
  return end === -1 ? [...all] : all.slice(0, end)
}
