import math
import random
import string
from dataclasses import replace
from itertools import combinations, pairwise

import pytest
import torch
from tokenizers import AddedToken, Tokenizer

from tests.checkpoints.tiny_models import PROSE, random_network, tiny_model, tiny_tokenizer
from writer.checkpoints.bpe import BPETokenizer, train_bpe
from writer.checkpoints.folder import Model, write_model
from writer.engine.blocks import FEW
from writer.engine.engine import Engine
from writer.engine.loading import load_engine
from writer.engine.prompt import make_prompt
from writer.errors import WriterError
from writer.settings import Sampling
from writer.suggestion.ranking import are_near
from writer.suggestion.request import Answer, Request
from writer.suggestion.trimming import trimmed

SHORT = Sampling(length=10)
GREEDY = replace(SHORT, temperature=0, repetition_penalty=1.0)


def request(before: str = "", sampling: Sampling = SHORT, after: str = "", seed: int = 7):
    return Request(3, len(before), before, after, sampling, seed)


def texts(answer: Answer) -> list[str]:
    return [candidate.text for candidate in answer.candidates]


def last(engine: Engine, wanted: Request) -> Answer:
    *_, answer = engine.stream(wanted)
    return answer


def constant_model(tokenizer: BPETokenizer, logits: dict[int, float], size: int = 400) -> Model:
    """A model that thinks the same of every next token, whatever it reads."""
    network = random_network(vocab_size=size, tie_word_embeddings=False)
    network.norm.weight.zero_()
    network.norm.bias.zero_()[0] = 1
    for token in range(size):
        network.head.weight[token, 0] = logits.get(token, 0.0)
    return Model("constant", network, tokenizer)


TEXTS = {
    "nothing": "",
    "a letter": "T",
    "mid-word": "The rain had not stop",
    "after a space": "The rain ",
    "line ends": "\n\n\n",
    "a page": PROSE,
    "longer than n_ctx": PROSE * 4 + "The old",
    "Chinese": "雨停了，他走进",
    "emoji": "🙂",
    "controls": "a\x00\u2028b\u202e",
    "half a pair": "a\ud83d",
    "special": "<|endoftext|>",
}
SAMPLINGS = {
    "default": Sampling(),
    "greedy": GREEDY,
    "one": replace(SHORT, candidates=1),
    "many": replace(SHORT, candidates=8, temperature=2.0),
    "no choice": replace(SHORT, candidates=8, top_k=1),
    "short context": replace(SHORT, context_length=16),
    "longer than n_ctx": Sampling(length=200, candidates=2),
    "one token": Sampling(length=1),
    "harsh": Sampling(length=6, top_k=1, top_p=0.05, min_p=0.5, repetition_penalty=2.0),
    "repeating": replace(SHORT, repetition_penalty=2.0, temperature=1e-40),
}


@pytest.mark.parametrize("before", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("sampling", SAMPLINGS.values(), ids=SAMPLINGS)
def test_every_answer_is_sound(before, sampling, taught):
    for model in (taught, tiny_model()):
        wanted = request(before, sampling)
        answers = list(Engine(model).stream(wanted))
        assert [answer.done for answer in answers] == [False] * (len(answers) - 1) + [True]
        for answer in answers:
            assert answer.request is wanted
            numbers = [candidate.number for candidate in answer.candidates]
            assert numbers == sorted(set(numbers))
            assert len(numbers) <= sampling.candidates
            said = [text.strip() for text in texts(answer)]
            assert not answer.done or not any(are_near(*pair) for pair in combinations(said, 2))
            assert len(set(said)) == len(said)
            assert "" not in said
            assert not any("\ufffd" in text or "endoftext" in text for text in said)
            for candidate in answer.candidates:
                assert candidate.serial == 3
                assert -50 < candidate.mean_logprob <= 0
            assert 1 <= answer.tokens_read <= min(sampling.context_length, 127)
            assert answer.characters_read <= len(before)


@pytest.mark.parametrize("before", TEXTS.values(), ids=TEXTS)
def test_candidates_grow_and_the_first_one_leads(before, taught):
    answers = list(Engine(taught).stream(request(before, Sampling(length=24), after=" had not.")))
    growing = [{c.number: c.text for c in answer.candidates} for answer in answers]
    for earlier, later in pairwise(growing):
        assert 0 in later or 0 not in earlier
        for number in earlier.keys() & later.keys():
            # One that is closed may have been cut back to the end of its sentence.
            here, there = earlier[number], later[number]
            assert there.startswith(here) or here.startswith(there)


# What it says


def test_it_says_what_the_model_has_learned(taught):
    engine = Engine(taught)
    assert texts(last(engine, request("The rain had not stop", GREEDY)))[0] == "ped since noon."
    assert texts(last(engine, request("", GREEDY)))[0].startswith("The rain had not")
    found = last(engine, request("“You are late,” sa", replace(GREEDY, length=24)))
    assert texts(found)[0] == "id Mr. Bell. “The boat left an hour ago!”"


@pytest.mark.parametrize("candidates", [1, 4])
@pytest.mark.parametrize("before", ["", "The rain\n", "He rose.\n\n", PROSE])
def test_greedy_says_what_a_plain_loop_says(before, candidates, taught):
    network, tokenizer = taught.network, taught.tokenizer
    tokens = list(make_prompt(before, tokenizer, 64).tokens)
    start = len(tokens)
    for _ in range(10):
        tokens.append(int(network(torch.tensor([tokens]))[0][0, -1].argmax()))
    wanted = trimmed(tokenizer.decode(tokens[start:]), before, "", done=True)
    sampling = replace(GREEDY, candidates=candidates, context_length=64)
    assert texts(last(Engine(taught), request(before, sampling)))[0] == wanted


def test_its_score_is_the_mean_of_the_unfiltered_log_probabilities():
    tokenizer = tiny_tokenizer()
    word = tokenizer.encode("x")[0]
    engine = Engine(constant_model(tokenizer, {word: 3.0}))
    sampling = replace(GREEDY, candidates=1, length=5, repetition_penalty=2.0)
    (found,) = last(engine, request("\n", sampling)).candidates
    assert found.text == "xxxxx"
    assert math.isclose(found.mean_logprob, 3 - math.log(math.exp(3) + 399), rel_tol=1e-5)


@pytest.mark.parametrize("tokenizer", [tiny_tokenizer(), train_bpe(iter([]), 257)])
@pytest.mark.parametrize("text", ["He said naïve", "雨停了，他走", "🙂👩‍👧", "a  ", "x\u2028"])
def test_a_begun_word_is_finished_as_it_began(tokenizer, text, monkeypatch):
    network, sampled = random_network(), []
    whole = network.forward
    monkeypatch.setattr(network, "forward", lambda t, s: sampled.append(t) or whole(t, s))
    engine = Engine(Model("m", network, tokenizer))
    for end in range(1, len(text) + 1):
        sampled.clear()
        last(engine, request(text[:end], replace(SHORT, candidates=4)))
        begun = make_prompt(text[:end], tokenizer, 50).begun
        assert text[:end].encode().endswith(begun)
        assert all(tokenizer.token_bytes(t).startswith(begun) for t in sampled[0][:, 0].tolist())


def test_characters_cut_in_two_by_tokens_are_put_together():
    tokenizer = train_bpe(iter([]), 257)
    logits = {tokenizer.encode("雨")[0]: 5.0}
    engine = Engine(constant_model(tokenizer, logits))
    # One byte, over and over, is no text: the row closes without a word.
    answer = last(engine, request("\n", GREEDY))
    assert not any("\ufffd" in text for text in texts(answer))


def test_the_end_token_closes_but_only_after_something_was_said():
    tokenizer = tiny_tokenizer()
    word, space = tokenizer.encode("x")[0], tokenizer.encode(" ")[0]
    engine = Engine(constant_model(tokenizer, {tokenizer.end_id: 9.0, space: 6.0, word: 5.0}))
    sampling = replace(GREEDY, candidates=4, repetition_penalty=2.0, length=8)
    answer = last(engine, request("\n", sampling))
    assert answer.candidates
    for candidate in answer.candidates:
        assert set(candidate.text.strip()) == {"x"}


def test_no_continuation_ends_before_it_has_begun():
    tokenizer = tiny_tokenizer()
    letters = {tokenizer.encode(letter)[0]: 0.0 for letter in string.ascii_letters}
    wished = dict.fromkeys(range(400), -50.0) | letters
    wished |= {tokenizer.end_id: 4.0, tokenizer.encode(" ")[0]: 3.0}
    engine = Engine(constant_model(tokenizer, wished))
    sampling = Sampling(candidates=8, length=8, repetition_penalty=1.0, top_k=0, temperature=1.0)
    found = [last(engine, request("\n", sampling, seed=seed)) for seed in range(8)]
    # Two may well say the same, but hardly ever do.
    assert sum(len(answer.candidates) for answer in found) >= 8 * 8 - 1


def test_what_no_text_means_is_never_said():
    # The likeliest tokens are padding of the vocabulary and a special mark.
    plain = Tokenizer.from_str(tiny_tokenizer()._tokenizer.to_str())
    plain.add_special_tokens([AddedToken("<pad>", special=True)])
    tokenizer = BPETokenizer(plain)
    pad, word = plain.token_to_id("<pad>"), tokenizer.encode("x")[0]
    engine = Engine(constant_model(tokenizer, {399: 90.0, 390: 80.0, pad: 70.0, word: 5.0}))
    for sampling in (GREEDY, SHORT):
        for text in texts(last(engine, request("\n", sampling))):
            assert "pad" not in text
            assert "x" in text


def test_no_choice_is_one_candidate(taught):
    sampling = replace(SHORT, candidates=8, top_k=1)
    assert len(last(Engine(taught), request("The rain", sampling)).candidates) == 1


def test_a_free_choice_is_many_candidates(taught):
    sampling = replace(SHORT, candidates=8, temperature=1.5, top_k=0)
    assert len(last(Engine(taught), request(PROSE[:200], sampling)).candidates) >= 4


def test_what_stands_to_the_right_is_not_repeated(taught):
    (found, *_) = texts(last(Engine(taught), request("The rain had", GREEDY, " since noon.")))
    assert found == " not stopped"


# What came before


def test_one_seed_is_one_answer(taught):
    wanted = request(PROSE[:200])
    first, second = list(Engine(taught).stream(wanted)), list(Engine(taught).stream(wanted))
    assert first == second
    seeds = {tuple(texts(last(Engine(taught), replace(wanted, seed=seed)))) for seed in range(6)}
    assert len(seeds) > 1


def test_no_chance_from_outside_tells(taught):
    torch.manual_seed(1)
    first = last(Engine(taught), request(PROSE[:200]))
    torch.manual_seed(2)
    before = torch.get_rng_state()
    assert last(Engine(taught), request(PROSE[:200])) == first
    assert torch.equal(torch.get_rng_state(), before)


def test_what_was_asked_before_never_changes_an_answer(taught):
    chance, engine = random.Random(5), Engine(taught)
    text = PROSE[:80]
    wanted = request(text)
    first = last(engine, wanted)
    for _ in range(25):
        place = chance.randrange(len(text) + 1)
        text = chance.choice(
            [text + chance.choice(PROSE), text[:place], text[:place] + "雨 the", PROSE[:place]]
        )[:300]
        sampling = replace(SHORT, context_length=chance.choice([16, 64, 131072]), length=6)
        other = request(text, sampling, seed=chance.randrange(100))
        assert texts(last(engine, other)) == texts(last(Engine(taught), other))
    assert texts(last(engine, wanted)) == texts(first)


@pytest.mark.parametrize("left_after", range(9))
def test_left_between_any_two_answers_it_stays_right(left_after, taught):
    engine = Engine(taught)
    stream = engine.stream(request(PROSE, SHORT))
    for _, _ in zip(range(left_after), stream, strict=False):
        pass
    stream.close()
    assert list(stream) == []
    for wanted in (request(PROSE + "The"), request(PROSE, SHORT), request("雨停了")):
        assert texts(last(engine, wanted)) == texts(last(Engine(taught), wanted))


def test_only_what_is_new_is_read_again(taught, monkeypatch):
    engine, read = Engine(taught), []
    whole = taught.network.reading
    monkeypatch.setattr(
        taught.network, "reading", lambda t, s: read.append(t.shape[1]) or whole(t, s)
    )
    sampling = replace(SHORT, candidates=2, length=2)
    first = last(engine, request(PROSE[:120], sampling))
    assert sum(read) == first.tokens_read
    read.clear()
    last(engine, request(PROSE[:120] + "he", sampling))
    assert sum(read) < 3 + FEW


# Limits


def test_the_context_ends_at_the_cursor_and_is_as_long_as_asked(taught):
    engine, long = Engine(taught), PROSE * 4
    short = last(engine, request(long, replace(SHORT, context_length=16)))
    whole = last(engine, request(long))
    assert 12 <= short.tokens_read <= 16 < whole.tokens_read <= 128 - 10
    assert short.characters_read < whole.characters_read < len(long)
    everything = last(engine, request("The rain"))
    assert everything.characters_read == len("The rain")


def test_text_beyond_the_window_does_not_tell(taught):
    # Where the window starts depends on the length alone, here the same.
    sampling = replace(SHORT, context_length=32)
    one, other = "A" * 40 + PROSE, "B" * 40 + PROSE
    answers = [last(Engine(taught), request(text, sampling)) for text in (one, other)]
    assert texts(answers[0]) == texts(answers[1])


@pytest.mark.parametrize("length", [1, 5, 200])
def test_no_continuation_is_longer_than_asked(length):
    tokenizer = tiny_tokenizer()
    engine = Engine(constant_model(tokenizer, {tokenizer.encode("x")[0]: 9.0}))
    found = texts(last(engine, request("\n", replace(GREEDY, length=length))))[0]
    assert found == "x" * min(length, 64 // 2)


@pytest.mark.parametrize("n_ctx", [1, 2, 3, 8])
def test_the_smallest_networks_answer_too(n_ctx):
    for before in ("", "x", PROSE):
        assert last(Engine(tiny_model(n_ctx=n_ctx)), request(before)).done


def test_a_model_without_an_end_token_answers(taught):
    data = tiny_tokenizer()._tokenizer.to_str().replace("<|endoftext|>", "<|x|>")
    tokenizer = BPETokenizer(Tokenizer.from_str(data))
    assert tokenizer.end_id is None
    engine = Engine(Model("endless", taught.network, tokenizer))
    assert texts(last(engine, request("The rain had not stop", GREEDY)))[0].startswith("ped")
    assert last(engine, request("")).done


def test_threads_are_as_set(taught):
    engine = Engine(taught)
    engine.set_threads(2)
    assert torch.get_num_threads() == 2
    engine.set_threads(1)
    assert torch.get_num_threads() == 1


def test_a_folder_becomes_an_engine(taught, tmp_path):
    write_model(tmp_path / "m", taught.network, taught.tokenizer, torch.float32)
    engine = load_engine(tmp_path / "m")
    assert (engine.name, engine.n_ctx) == ("m", 128)
    found, wanted = last(engine, request("The rain")), last(Engine(taught), request("The rain"))
    assert found.candidates == wanted.candidates
    assert found.identity == engine.identity
    with pytest.raises(WriterError, match="no model"):
        load_engine(tmp_path)


def test_while_a_text_is_read_it_says_how_much_of_it_has_been():
    engine = Engine(tiny_model(n_ctx=512))
    answers = list(engine.stream(Request(1, 0, PROSE * 5, "", Sampling(length=2), 1)))
    unread = [each.share_read for each in answers if not each.candidates and not each.done]
    assert unread == sorted(unread)
    assert unread[0] == 0 < unread[-1] < 1
    assert answers[-1].share_read == 1
