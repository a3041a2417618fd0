//! Keys of work items by their form alone, for repositories whose tracker is not connected. Which of them lead to an
//! item is told by the links; these are only what a text says.

/// Words of the form of a key that name standards instead.
const STANDARDS: [&str; 9] = ["AES", "CVE", "HTTP", "ISO", "MD", "RFC", "SHA", "TLS", "UTF"];

/// The keys that a text names, each once, in the order in which they come: two to ten capital letters or digits
/// beginning with a letter, a dash, a number (Jira's default form of a project key and an issue number).
pub fn keys_in(text: &str) -> Vec<&str> {
    let mut keys: Vec<&str> = Vec::new();
    for word in text.split(|letter: char| !(letter.is_alphanumeric() || letter == '-' || letter == '_')) {
        if is_key(word) && !keys.contains(&word) {
            keys.push(word);
        }
    }
    keys
}

fn is_key(word: &str) -> bool {
    let Some((project, number)) = word.split_once('-') else { return false };
    (2..=10).contains(&project.len())
        && project.starts_with(|letter: char| letter.is_ascii_uppercase())
        && project.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
        && (1..=7).contains(&number.len())
        && !number.starts_with('0')
        && number.chars().all(|digit| digit.is_ascii_digit())
        && !STANDARDS.contains(&project)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_form() {
        let check = |text: &str, expected: &[&str]| assert_eq!(keys_in(text), expected, "{text}");
        check("PAY-12: Take cards", &["PAY-12"]);
        check("Merge (PAY-12, LED-7) and PAY-12 again", &["PAY-12", "LED-7"]);
        check("[SHOP2-1]", &["SHOP2-1"]);
        check("UTF-8, SHA-256, CVE-2024-1234, v1-2, PAY-0, pay-12, A-1, PAY-12-3", &[]);
        check("", &[]);
    }
}
