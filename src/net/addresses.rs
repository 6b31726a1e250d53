//! Which IP addresses do not belong to the public network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is when nothing on the public network has it: loopback,
/// private, link-local and the like, also inside an IPv6 address that carries an
/// IPv4 one. Nothing for a public address.
pub fn forbidden(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => forbidden_v4(address),
        IpAddr::V6(address) => forbidden_v6(address),
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [127, ..] => Some("a loopback address"),
        [0, ..] => Some("an address of this machine"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("a private address"),
        [169, 254, ..] => Some("a link-local address, where clouds keep credentials"),
        [100, 64..=127, ..] => Some("an address of a provider's inner network"),
        [168, 63, 129, 16] => Some("an address where clouds keep credentials"),
        [192, 0, 0, _] | [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Some("a reserved address")
        }
        [192, 88, 99, _] | [192, 31, 196, _] | [192, 52, 193, _] | [192, 175, 48, _] => {
            Some("a reserved address")
        }
        [198, 18..=19, ..] => Some("an address for measurements"),
        [224..=239, ..] => Some("a multicast address"),
        [240..=255, ..] => Some("a reserved address"),
        _ => None,
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_loopback() {
        return Some("a loopback address");
    }
    if address.is_unspecified() {
        return Some("an address of this machine");
    }
    let parts = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    let carried = match parts {
        // Mapped, translated and compatible.
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => {
            Some(embedded(high, low))
        }
        // NAT64, with the well-known prefix.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(embedded(high, low)),
        // 6to4 and ISATAP.
        [0x2002, high, low, ..] => Some(embedded(high, low)),
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(embedded(high, low)),
        _ => None,
    };
    if let Some(address) = carried {
        return forbidden_v4(address).or(
            // Such an address reaches IPv4 by a way nobody watches.
            if parts[0] == 0 {
                Some("an IPv4 address in disguise")
            } else {
                None
            },
        );
    }
    match parts {
        [0x64, 0xff9b, 1, ..] => Some("an address of a local translation"),
        [0xfc00..=0xfdff, ..] => Some("a private address"),
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        [0xfec0..=0xfeff, ..] => Some("a private address"),
        [0xff00..=0xffff, ..] => Some("a multicast address"),
        [0x100, 0, 0, 0, ..] => Some("a reserved address"),
        [0x2001, 0..=0x1ff, ..] => Some("a reserved address"),
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("a reserved address"),
        [0x5f00, ..] => Some("a reserved address"),
        // Only 2000::/3 is given out.
        [first, ..] if first & 0xe000 != 0x2000 => Some("a reserved address"),
        _ => None,
    }
}
