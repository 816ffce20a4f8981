/*
 * What is not drawn for anybody: phrases of the owner's list, found as whole words however they are written, and what an
 * engine or a moderation endpoint refuses. A refusal holds nothing, is counted by day, and keeps none of the customer's words.
 */
begin;
\ir fixtures.psql
select plan(78);

select tests.at('0'), tests.customer('asha'), tests.customer('ravi');
select tests.session('s', 'asha', 'pro', 4), tests.session('his', 'ravi', 'pro', 4);
delete from private.refused_phrase where phrase <> 'csam';
insert into private.refused_phrase (phrase)
values ('red apple'), ('Ärger'), ('नग्न बच्चा'), ('ﬁre brigade'), ('no-go'), ('C++ code'), ('苹果');

-- As whole words ------------------------------------------------------------------------------------------------------

select is(private.refused_phrase_in(prompt), phrase, 'refused: ' || what)
from (values
  ('red apple', 'red apple', 'the phrase itself'), ('a red apple on a table', 'red apple', 'the phrase in a sentence'),
  ('RED Apple', 'red apple', 'capital letters'), ('red, apple!', 'red apple', 'punctuation between and after'),
  ('"red"-(apple)', 'red apple', 'brackets, quotes and dashes'), (E'red\n\tapple', 'red apple', 'lines and tabs'),
  ('red     apple', 'red apple', 'many spaces'), (U&'red\00A0apple', 'red apple', 'a hard space'),
  (U&'red\3000apple', 'red apple', 'a space of full width'), (U&'red\2003\2014\2009apple', 'red apple', 'spaces and a dash of print'),
  (U&'re\200Bd ap\200Dple', 'red apple', 'letters of no width within the words'),
  (U&'\FEFFred ap\00ADple\2060', 'red apple', 'a soft hyphen and other marks that nobody sees'),
  (U&'r\200Ce\200Cd \202Eapple', 'red apple', 'marks of direction'), (U&'re\FE0Fd apple', 'red apple', 'a selector of variants'),
  (U&'\FF52\FF45\FF44 \FF41\FF50\FF50\FF4C\FF45', 'red apple', 'letters of full width'),
  (U&'\FF32\FF25\FF24\3000\FF21\FF30\FF30\FF2C\FF25\FF01', 'red apple', 'capitals of full width'),
  (U&'\24C7\24BA\24B9 \24B6\24C5\24C5\24C1\24BA', 'red apple', 'letters in circles'),
  (U&'\+01D42B\+01D41E\+01D41D \+01D41A\+01D429\+01D429\+01D425\+01D41E', 'red apple', 'letters of mathematics'),
  ('red_apple', 'red apple', 'a line below'), ('red/apple', 'red apple', 'a stroke'),
  (repeat('a ', 990) || 'red apple', 'red apple', 'the end of a long prompt'),
  ('नग्न बच्चा', 'नग्न बच्चा', 'a phrase in Hindi'), ('एक नग्न बच्चा, अकेला', 'नग्न बच्चा', 'a phrase in a sentence in Hindi'),
  ('यह नग्न बच्चा।', 'नग्न बच्चा', 'with the full stop of Hindi'), (U&'\0928\0917\094D\200D\0928 बच्चा', 'नग्न बच्चा', 'with a joiner of no width'),
  ('fire brigade', 'ﬁre brigade', 'a phrase written with a ligature'), ('no go', 'no-go', 'a phrase written with a dash'),
  ('write c code', 'C++ code', 'a phrase with marks in it'), (U&'A\0308rger', 'Ärger', 'a letter and its mark apart'),
  ('苹果', '苹果', 'a phrase in Chinese'), ('a csam b', 'csam', 'a single word')
) as refused (prompt, phrase, what);
select is(private.refused_phrase_in(prompt), null, 'drawn: ' || what)
from (values
  ('a sunset', 'other words'), ('a red pineapple', 'a longer word that ends like it'), ('red apples', 'a longer word that begins like it'),
  ('bored apple', 'a longer word before'), ('apple red', 'the words in another order'), ('red big apple', 'a word between them'),
  ('redapple', 'the words in one'), ('r e d a p p l e', 'letters apart'), ('', 'nothing'), ('   ', 'blanks'), ('...', 'marks'),
  ('नग्न बच्चाओं', 'a longer word in Hindi'), ('csams', 'a longer single word'), (null, 'no prompt')
) as drawn (prompt, what);
select is(private.refused_phrase_in('a csam red apple'), 'csam', 'of two phrases the first of the list is told');

-- A refusal -----------------------------------------------------------------------------------------------------------

select is(
  tests.reserve('asha', 's', 'refused', 2, 'One Red Apple, please') - 'balance', '{"outcome": "prompt_refused"}', 'such a prompt is refused'
);
select is(
  tests.reserve('asha', 's', 'refused', 2, 'a red apple') -> 'balance', tests.balance('asha', 's'), 'with what is left, which is all'
);
select is_empty('select from public.image_generations', 'rule 4: it holds nothing, and leaves no row');
select is((select status from public.user_sessions where id = tests.id('s')), 'ready', 'rule 1: and starts no clock');
select is(
  tests.reserve('asha', 's', 'refused', 1, 'a red apple', '{"respond_async": true}') ->> 'outcome', 'prompt_refused', 'nor does it wait'
);
select is(
  tests.reserve('asha', 's', 'refused', 1, 'a pear') ->> 'outcome', 'reserved', 'rule 6: its id has not been used'
);
select is(
  tests.reserve('asha', 's', 'not wanted', 1, 'a pear', '{"negative_prompt": "red apple"}') ->> 'outcome', 'reserved', 'what is not wanted may be anything'
);
select tests.fail('asha', 'refused'), tests.fail('asha', 'not wanted');

-- What a request is refused for before, and after.
select is(tests.reserve('ravi', 's', 'stranger', 1, 'a red apple'), '{"outcome": "session_not_found"}', 'a stranger is a stranger first');
select is(tests.reserve('asha', 's', 'refused', 1, 'a red apple'), '{"outcome": "request_id_reused"}', 'an id that was used is used');
select is(
  tests.reserve('asha', 's', 'big', 1, repeat('red apple ', 1000)), '{"outcome": "invalid_request", "field": "prompt"}', 'what is too long is not read'
);
select public.report_engine('a', 'engine_failed', 60);
select is(
  tests.reserve('asha', 's', 'down', 1, 'a red apple', '{"engines": "{a}", "accounts": "{one}"}') ->> 'outcome', 'prompt_refused',
  'and it is refused whether or not anybody could draw it'
);

-- Counted by day ------------------------------------------------------------------------------------------------------

delete from private.refusal;
select tests.reserve('asha', 's', 'x', 1, 'red apple') from generate_series(1, 3);
select tests.reserve('asha', 's', 'x', 1, 'csam'), tests.reserve('ravi', 'his', 'x', 1, 'red apple');
select tests.at('13 hours 59 minutes 59.999999 seconds'), tests.session('later', 'asha', 'pro', 4), tests.reserve('asha', 'later', 'x', 1, 'red apple');
select tests.at('14 hours'), tests.reserve('asha', 'later', 'x', 1, 'red apple');
select bag_eq(
  'select user_id, day, reason, refusals from private.refusal',
  $$ values
    (tests.id('asha'), date '2026-03-01', 'red apple', 4), (tests.id('asha'), '2026-03-01', 'csam', 1),
    (tests.id('ravi'), '2026-03-01', 'red apple', 1), (tests.id('asha'), '2026-03-02', 'red apple', 1)
  $$,
  'refusals are counted for each customer, day and phrase'
);
select tests.at('0');
select is(
  tests.fail('asha', 'refused', 'prompt_refused') ->> 'outcome', 'failed', 'what was settled before'
);
select is_empty($$ select from private.refusal where reason = 'moderation' $$, 'is refused by nobody');
select tests.reserve('asha', 's', 'm1', 3), tests.fail('asha', 'm1', 'prompt_refused');
select is(
  (select refusals from private.refusal where reason = 'moderation' and user_id = tests.id('asha')), 1,
  'what an engine refuses is counted as moderation, a batch as one'
);
select tests.fail('asha', 'm1', 'prompt_refused'), tests.reserve('asha', 's', 'm2'), tests.fail('asha', 'm2', 'engine_failed');
select is(
  (select refusals from private.refusal where reason = 'moderation' and user_id = tests.id('asha')), 1,
  'I7: saying so twice counts once, and what fails of something else does not count'
);
select tests.queue('asha', 's', 'm3', 2), tests.claim(1);
select tests.fail('asha', 'm3', 'prompt_refused', tests.lease('m3'));
select is(
  (select refusals from private.refusal where reason = 'moderation' and user_id = tests.id('asha')), 2, 'what is refused to a worker of the queue counts as well'
);
select is(tests.credits('asha', 's'), 14, 'rule 4: and what is refused is free');
select tests.reserve('asha', 's', 'm4', 2);
select public.complete_generation(tests.id('asha'), tests.id('m4'), tests.pictures('asha', 'm4', 1), 'prompt_refused');
select is(
  (select refusals from private.refusal where reason = 'moderation' and user_id = tests.id('asha')), 3, 'and so does a part of a batch'
);
select is(
  (
    select count(*)::integer from pg_class, lateral query_to_xml(
      format('select * from %s as row where row::text ~* %L', oid::regclass, 'please'), true, false, '') as found
    where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind = 'r' and found::text ~ '<row>'
  ), 0, 'and no prompt that was refused is stored, in no table'
);
delete from auth.users where id = tests.id('ravi');
select is_empty($$ select from private.refusal where user_id = tests.id('ravi') $$, 'of a customer who leaves no refusal stays');

-- The owner's list ----------------------------------------------------------------------------------------------------

insert into private.refused_phrase (phrase, note) values ('A Sunset!', 'no more of them');
select is(tests.reserve('asha', 's', 'sun', 1, 'a sunset') ->> 'outcome', 'prompt_refused', 'a phrase that the owner adds is refused at once');
delete from private.refused_phrase where phrase = 'A Sunset!';
select is(tests.reserve('asha', 's', 'sun', 1, 'a sunset') ->> 'outcome', 'reserved', 'and one that he deletes is not');
select throws_ok(
  format('insert into private.refused_phrase (phrase) values (%L)', phrase), code, null, 'no phrase is ' || what
)
from (values
  ('a', '23514', 'a single letter'), (repeat('a', 101), '23514', 'longer than a hundred'), ('...', '23514', 'nothing but marks, which every prompt would hold'),
  (U&'\200B\200B', '23514', 'nothing that anybody sees'), ('csam', '23505', 'listed twice')
) as bad (phrase, code, what);
select throws_ok(
  $$ update private.refused_phrase set searchable = ' x ' where phrase = 'csam' $$, '428C9', null, 'what is searched for follows from the phrase'
);
select is(
  private.searchable(words), searched, 'as it is searched: ' || words
)
from (values ('Red  APPLE', ' red apple '), ('-', '  '), ('a', ' a ')) as text (words, searched);

select * from finish();
rollback;
