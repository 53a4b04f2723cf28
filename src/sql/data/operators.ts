/** Operators of PostgreSQL 18.4's pg_catalog: their functions are all among the free ones (a test compares). */
export const BUILT_IN_OPERATORS: ReadonlySet<string> = new Set(
  '!! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <> <@ <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~ ~~*'.split(
    ' ',
  ),
)
