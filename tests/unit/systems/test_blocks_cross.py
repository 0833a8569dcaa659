"""Memory of the past, fusion and cross attention, against plain loops."""

import torch

from core.systems.blocks.cross import CrossLayer, FewQueries, Fusion, past_mean, places, remember


def test_the_past_mean_is_the_mean_of_the_steps_before_and_nothing_at_the_first():
    steps = torch.randn(2, 5, 3, 4)
    found = past_mean(steps)
    assert torch.equal(found[:, 0], torch.zeros(2, 3, 4))
    for t in range(1, 5):
        plain = sum(steps[:, i] for i in range(t)) / t
        torch.testing.assert_close(found[:, t], plain)


def test_memory_doubles_the_first_step_and_takes_the_mean_off_later_ones():
    steps = torch.randn(1, 4, 2, 3)
    found = remember(steps, 1.0)
    torch.testing.assert_close(found[:, 0], 2 * steps[:, 0])
    torch.testing.assert_close(found[:, 3], 2 * steps[:, 3] - steps[:, :3].mean(1))
    torch.testing.assert_close(remember(steps, 0.0), steps)


def test_a_later_step_changes_no_earlier_memory():
    steps = torch.randn(1, 6, 2, 3)
    other = steps.clone()
    other[:, 4:] += 1
    torch.testing.assert_close(remember(steps, 1.0)[:, :4], remember(other, 1.0)[:, :4])


def test_fusion_and_cross_attention_see_no_padding():
    torch.manual_seed(0)
    fusion, layer = Fusion(16, 4, 2), CrossLayer(16, 4)
    x, queries = torch.randn(2, 7, 16), torch.randn(2, 3, 16)
    hidden = torch.zeros(2, 7, dtype=torch.bool)
    hidden[:, 5:] = True
    other = x.clone()
    other[:, 5:] = 9.0
    for changed in (x, other):
        torch.testing.assert_close(fusion(changed, hidden)[:, :5], fusion(x[:, :5]))
        torch.testing.assert_close(layer(queries, changed, hidden), layer(queries, x[:, :5]))


def test_cross_attention_is_the_weighted_mean_of_a_plain_loop():
    torch.manual_seed(0)
    layer = CrossLayer(8, 1)
    queries, source = torch.randn(1, 2, 8), torch.randn(1, 5, 8)
    q, k = layer.norms[0](queries)[0], layer.norms[1](source)[0]
    weight, bias = layer.attention.in_proj_weight, layer.attention.in_proj_bias
    q, keys, values = (
        q @ weight[:8].T + bias[:8],
        k @ weight[8:16].T + bias[8:16],
        k @ weight[16:].T + bias[16:],
    )
    rows = []
    for one in q:
        share = torch.stack([(one @ key) / 8**0.5 for key in keys]).softmax(0)
        rows.append(sum(s * v for s, v in zip(share, values, strict=True)))
    after = queries[0] + layer.attention.out_proj(torch.stack(rows))
    plain = after + layer.forward_part(layer.norms[2](after))
    torch.testing.assert_close(layer(queries, source)[0], plain)


def test_few_queries_see_what_torch_s_attention_sees_with_the_same_weights():
    torch.manual_seed(0)
    plain = torch.nn.MultiheadAttention(16, 4)
    torch.nn.init.normal_(plain.in_proj_bias)
    few = FewQueries(16, 4)
    few.load_state_dict(plain.state_dict())
    query, key, value = torch.randn(3, 2, 16), torch.randn(20, 2, 16), torch.randn(20, 2, 16)
    hidden = torch.rand(2 * 4, 3, 20) > 0.5
    for mask in (None, hidden):
        torch.testing.assert_close(
            few(query, key, value, attn_mask=mask)[0], plain(query, key, value, attn_mask=mask)[0]
        )


def test_fusion_is_attention_and_a_feed_forward_part_beside_short_cuts():
    torch.manual_seed(0)
    fusion = Fusion(8, 2, 1).eval()
    layer = fusion.layers.layers[0]
    x = torch.randn(1, 5, 8)
    rest = layer.norm1(x)[0]
    weight, bias = layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias
    q, k, v = (rest @ weight[8 * i : 8 * i + 8].T + bias[8 * i : 8 * i + 8] for i in range(3))
    rows = []
    for one in q:
        parts = []
        for head in (slice(0, 4), slice(4, 8)):
            share = torch.stack([(one[head] @ key[head]) / 4**0.5 for key in k]).softmax(0)
            parts.append(sum(s * value[head] for s, value in zip(share, v, strict=True)))
        rows.append(torch.cat(parts))
    after = x[0] + layer.self_attn.out_proj(torch.stack(rows))
    plain = after + layer.linear2(layer.linear1(layer.norm2(after)).relu())
    torch.testing.assert_close(fusion(x)[0], plain)


def test_every_place_of_a_picture_has_its_own_sines():
    found = places(8, 8, 16, torch.zeros(1))
    assert found.shape == (64, 16)
    assert (torch.cdist(found, found) + torch.eye(64)).min() > 0.05
