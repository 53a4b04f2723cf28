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
      'akeys avals defined delete each exist exists_all exists_any fetchval hs_concat hs_contained hs_contains hstore hstore_to_array hstore_to_json hstore_to_json_loose hstore_to_jsonb hstore_to_jsonb_loose hstore_to_matrix isdefined isexists populate_record skeys slice slice_array svals tconvert hstore_cmp hstore_eq hstore_ge hstore_gt hstore_hash hstore_hash_extended hstore_le hstore_lt hstore_ne',
  },
  intarray: {
    reason: 'sets of the given integers',
    names:
      '_int_contained _int_contains _int_different _int_inter _int_overlap _int_same _int_union boolop rboolop icount idx intarray_del_elem intarray_push_array intarray_push_elem intset intset_subtract intset_union_elem sort sort_asc sort_desc subarray uniq',
  },
  ltree: {
    reason: 'labels of the given paths, and how paths lie to each other',
    names:
      'hash_ltree hash_ltree_extended index lca lt_q_regex lt_q_rregex ltq_regex ltq_rregex ltree2text ltree_addltree ltree_addtext ltree_cmp ltree_eq ltree_ge ltree_gt ltree_isparent ltree_le ltree_lt ltree_ne ltree_risparent ltree_textadd ltxtq_exec ltxtq_rexec nlevel subltree subpath text2ltree',
  },
  cube: {
    reason: 'geometry of the given values',
    names:
      'cube cube_cmp cube_contained cube_contains cube_coord cube_coord_llur cube_dim cube_distance cube_enlarge cube_eq cube_ge cube_gt cube_inter cube_is_point cube_le cube_ll_coord cube_lt cube_ne cube_overlap cube_size cube_subset cube_union cube_ur_coord distance_chebyshev distance_taxicab',
  },
  earthdistance: {
    reason: 'distances between the given places',
    names: 'earth earth_box earth_distance gc_to_sec geo_distance latitude ll_to_earth longitude sec_to_gc',
  },
}
