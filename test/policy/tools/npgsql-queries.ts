import type { SentQuery } from './sent-query.ts'

const INTERNAL = "('pg_catalog', 'information_schema')"
const NOT_OF_EXTENSION = `NOT EXISTS (SELECT 1 FROM pg_depend WHERE
    classid=(SELECT k.oid FROM pg_class AS k JOIN pg_namespace AS s ON s.oid = k.relnamespace
              WHERE relname='pg_class' AND s.nspname='pg_catalog')
    AND objid=cls.oid AND deptype IN ('e', 'x'))`
const COMPOSITES = "(typtype = 'c' AND relkind='c')"

/**
 * What Npgsql asks as it connects (four statements in one Query), and as its pool resets a connection. No .NET runs here:
 * written after its source, with its catalogs, columns and joins, in our words.
 * @see npgsql/npgsql, src/Npgsql/PostgresDatabaseInfo.cs at 00ee7a8a47cc, src/Npgsql/Internal/NpgsqlConnector.cs at 00f9f89f38fe
 */
export const NPGSQL_QUERIES: readonly SentQuery[] = [
  {
    sql: `SELECT version();

SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
    -- An array is what array_recv reads
    SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
        elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
        CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
    FROM (
        SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
            CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
            CASE WHEN proc.proname='array_recv' THEN typ.typelem
                 WHEN typ.typtype='r' THEN rngsubtype
                 WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
                 WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid
        FROM pg_type AS typ
        LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
        LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
    ) AS typ
    LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
    LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
    LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd') OR ${COMPOSITES} OR (typtype = 'p' AND typname IN ('record', 'void')) OR
    (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')) OR
        (elemtyptype = 'c' AND elemrelkind='c')))
ORDER BY CASE WHEN typtype IN ('b', 'e', 'p') THEN 0 WHEN typtype = 'r' THEN 1 WHEN typtype = 'm' THEN 2 WHEN typtype = 'c' THEN 3
    WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4 WHEN typtype = 'a' THEN 5 WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6 END;

SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped
ORDER BY typ.oid, att.attnum;

SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder;
`,
  },
  { sql: 'DISCARD ALL' },
  {
    sql: `SET SESSION AUTHORIZATION DEFAULT;RESET ALL;CLOSE ALL;UNLISTEN *;SELECT pg_advisory_unlock_all();DISCARD SEQUENCES;DISCARD TEMP`,
  },
]

/**
 * What the scaffolding of Entity Framework Core's provider for Npgsql asks. No .NET runs here: written after its source.
 * @see npgsql/efcore.pg, src/EFCore.PG/Scaffolding/Internal/NpgsqlDatabaseModelFactory.cs at 0a169b4a0624
 */
export const EF_CORE_QUERIES: readonly SentQuery[] = [
  `SELECT datcollate FROM pg_database WHERE datname=current_database() AND
        datcollate <> (SELECT datcollate FROM pg_database WHERE datname='template1')`,
  `SELECT nspname, relname, relkind, description FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
     LEFT OUTER JOIN pg_description AS des ON des.objoid = cls.oid AND des.objsubid=0
    WHERE cls.relkind IN ('r', 'v', 'm', 'f') AND ns.nspname NOT IN ${INTERNAL} AND cls.relname <> '__EFMigrationsHistory'
      AND ${NOT_OF_EXTENSION}`,
  `SELECT nspname, cls.relname, typ.typname, basetyp.typname AS basetypname, attname, description, collname, attisdropped,
          attidentity::text, attgenerated::text, attcompression::text, format_type(typ.oid, atttypmod) AS formatted_typname,
          format_type(basetyp.oid, typ.typtypmod) AS formatted_basetypname,
          CASE WHEN pg_proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
          CASE WHEN pg_proc.proname='array_recv' THEN elemtyp.typname END AS elemtypname, NOT (attnotnull OR typ.typnotnull) AS nullable,
          CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef WHERE adrelid = cls.oid AND adnum = attr.attnum)
               END AS default,
          format_type(seqtypid, 0) AS seqtype, seqstart, seqmin, seqmax, seqincrement, seqcycle, seqcache
     FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace LEFT JOIN pg_attribute AS attr ON attrelid = cls.oid
     LEFT JOIN pg_type AS typ ON attr.atttypid = typ.oid LEFT JOIN pg_proc ON pg_proc.oid = typ.typreceive
     LEFT JOIN pg_type AS elemtyp ON (elemtyp.oid = typ.typelem) LEFT JOIN pg_type AS basetyp ON (basetyp.oid = typ.typbasetype)
     LEFT JOIN pg_description AS des ON des.objoid = cls.oid AND des.objsubid = attnum
     LEFT JOIN pg_collation as coll ON coll.oid = attr.attcollation
     LEFT JOIN pg_depend AS dep ON dep.refobjid = cls.oid AND dep.refobjsubid = attr.attnum AND dep.deptype = 'i'
     LEFT JOIN pg_sequence AS seq ON seq.seqrelid = dep.objid
    WHERE cls.relkind IN ('r', 'v', 'm', 'f') AND nspname NOT IN ${INTERNAL} AND attnum > 0 AND ${NOT_OF_EXTENSION}
    ORDER BY attnum`,
  `SELECT ns.nspname, cls.relname, conname, contype::text, conkey, conindid, frnns.nspname AS fr_nspname, frncls.relname AS fr_relname,
          confkey, confdeltype::text
     FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace JOIN pg_constraint as con ON con.conrelid = cls.oid
     LEFT OUTER JOIN pg_class AS frncls ON frncls.oid = con.confrelid
     LEFT OUTER JOIN pg_namespace as frnns ON frnns.oid = frncls.relnamespace
    WHERE cls.relkind = 'r' AND ns.nspname NOT IN ${INTERNAL} AND con.contype IN ('p', 'f', 'u') AND ${NOT_OF_EXTENSION}`,
  'SELECT oid, opcname, opcdefault FROM pg_opclass',
  'SELECT oid, collname FROM pg_collation',
  `SELECT idxcls.oid AS idx_oid, nspname, cls.relname AS cls_relname, idxcls.relname AS idx_relname, indisunique, indnkeyatts,
          pg_indexam_has_property(am.oid, 'can_order') as amcanorder, indkey, amname, indclass, indoption, indcollation,
          CASE WHEN indexprs IS NULL THEN NULL ELSE pg_get_expr(indexprs, cls.oid) END AS exprs,
          CASE WHEN indpred IS NULL THEN NULL ELSE pg_get_expr(indpred, cls.oid) END AS pred
     FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace JOIN pg_index AS idx ON indrelid = cls.oid
     JOIN pg_class AS idxcls ON idxcls.oid = indexrelid JOIN pg_am AS am ON am.oid = idxcls.relam
    WHERE cls.relkind = 'r' AND nspname NOT IN ${INTERNAL} AND NOT indisprimary AND ${NOT_OF_EXTENSION}`,
  `SELECT sequence_schema, sequence_name, data_type AS seqtype, start_value::bigint AS seqstart, minimum_value::bigint AS seqmin,
          maximum_value::bigint AS seqmax, increment::bigint AS seqincrement, CASE WHEN cycle_option = 'YES' THEN TRUE ELSE FALSE END AS seqcycle
     FROM information_schema.sequences JOIN pg_namespace AS ns ON ns.nspname = sequence_schema
     JOIN pg_class AS cls ON cls.relnamespace = ns.oid AND cls.relname = sequence_name
    WHERE cls.relkind = 'S' AND NOT EXISTS (SELECT * FROM pg_depend AS dep WHERE dep.objid = cls.oid AND dep.deptype IN ('i', 'I', 'a'))`,
  `SELECT nspname, typname, array_agg(enumlabel ORDER BY enumsortorder) AS labels FROM pg_enum
     JOIN pg_type ON pg_type.oid = enumtypid JOIN pg_namespace ON pg_namespace.oid = pg_type.typnamespace GROUP BY nspname, typname`,
  'SELECT ns.nspname, extname, extversion FROM pg_extension JOIN pg_namespace ns ON ns.oid=extnamespace',
  `SELECT nspname, collname, collprovider, collcollate, collctype, collisdeterministic
     FROM pg_collation coll JOIN pg_namespace ns ON ns.oid=coll.collnamespace WHERE nspname NOT IN ${INTERNAL}`,
].map((sql) => ({ sql }))
