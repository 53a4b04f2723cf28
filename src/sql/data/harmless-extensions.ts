import type { CuratedGroup } from './free-functions.ts'

/** Functions of extensions that are free like the built-in ones they stand beside, by extension. */
export const HARMLESS_EXTENSIONS: Readonly<Record<string, CuratedGroup>> = {
  pgcrypto: {
    reason:
      'pure computation on the arguments or random bytes; the encrypting functions reveal only what they are given',
    names:
      'armor crypt dearmor decrypt decrypt_iv digest encrypt encrypt_iv gen_random_bytes gen_random_uuid gen_salt hmac pgp_armor_headers pgp_key_id pgp_pub_decrypt pgp_pub_decrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea pgp_sym_decrypt pgp_sym_decrypt_bytea pgp_sym_encrypt pgp_sym_encrypt_bytea',
  },
  citext: {
    reason: 'case-insensitive forms of built-in functions and operators on text',
    names:
      'citext citext_cmp citext_eq citext_ge citext_gt citext_hash citext_hash_extended citext_larger citext_le citext_lt citext_ne citext_pattern_cmp citext_pattern_ge citext_pattern_gt citext_pattern_le citext_pattern_lt citext_smaller max min regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table replace split_part strpos texticlike texticnlike texticregexeq texticregexne translate',
  },
  'uuid-ossp': {
    reason: 'makes UUIDs; the time-based ones show a host address as any such UUID does',
    names:
      'uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_oid uuid_ns_url uuid_ns_x500',
  },
  pg_trgm: {
    reason: 'similarity of the given texts',
    names:
      'show_limit show_trgm similarity similarity_dist similarity_op strict_word_similarity strict_word_similarity_commutator_op strict_word_similarity_dist_commutator_op strict_word_similarity_dist_op strict_word_similarity_op word_similarity word_similarity_commutator_op word_similarity_dist_commutator_op word_similarity_dist_op word_similarity_op',
  },
  unaccent: { reason: 'folds the given text', names: 'unaccent' },
  fuzzystrmatch: {
    reason: 'distance between the given texts',
    names:
      'daitch_mokotoff difference dmetaphone dmetaphone_alt levenshtein levenshtein_less_equal metaphone soundex text_soundex',
  },
  hstore: {
    reason: 'key-value pairs made of, or taken apart into, the given values',
    names:
      'akeys avals defined delete each exist exists_all exists_any fetchval hs_concat hs_contained hs_contains hstore hstore_to_array hstore_to_json hstore_to_json_loose hstore_to_jsonb hstore_to_jsonb_loose hstore_to_matrix isdefined isexists populate_record skeys slice slice_array svals tconvert hstore_eq hstore_ne',
  },
  intarray: {
    reason: 'sets of the given integers',
    names:
      'icount idx intarray_del_elem intarray_push_array intarray_push_elem intset intset_subtract intset_union_elem sort sort_asc sort_desc subarray uniq',
  },
}
